"""The consent sources: one module for each format, and the tuple of those that are read."""

from __future__ import annotations

from .axeptio import AXEPTIO
from .borlabs import BORLABS
from .c15t import C15T
from .civic import CIVIC
from .complianz import COMPLIANZ
from .cookie_information import COOKIE_INFORMATION
from .cookie_law_info import COOKIE_LAW_INFO
from .cookie_notice import COOKIE_NOTICE
from .cookie_script import COOKIE_SCRIPT
from .cookiebot import COOKIEBOT
from .cookiefirst import COOKIEFIRST
from .cookiehub import COOKIEHUB
from .cookieyes import COOKIEYES
from .didomi import DIDOMI
from .django_cookie_consent import DJANGO_COOKIE_CONSENT
from .dnt import DNT
from .drupal import DRUPAL
from .fides import FIDES
from .gpc import GPC
from .gpp import GPP
from .hubspot_banner import HUBSPOT_BANNER
from .insites import INSITES
from .iubenda import IUBENDA
from .klaro import KLARO
from .moove import MOOVE
from .onetrust import ONETRUST
from .orejime import OREJIME
from .orestbida import ORESTBIDA
from .platform import ConsentSource, Platform, Signals
from .real_cookie_banner import REAL_COOKIE_BANNER
from .shopify import SHOPIFY
from .tarteaucitron import TARTEAUCITRON
from .tcf import TCF
from .trustarc import TRUSTARC
from .typo3 import TYPO3
from .us_privacy import US_PRIVACY
from .wagtail_tag_manager import WAGTAIL_TAG_MANAGER
from .wp_consent import WP_CONSENT
from .wpconsent import WPCONSENT

__all__ = ["SOURCES", "ConsentSource", "Platform", "Signals"]

#: Every platform and signal, in the order of their readings. The order changes no decision.
SOURCES: tuple[Platform, ...] = (
    HUBSPOT_BANNER,
    ONETRUST,
    COOKIEBOT,
    COOKIEYES,
    COOKIE_LAW_INFO,
    ORESTBIDA,
    IUBENDA,
    COMPLIANZ,
    WP_CONSENT,
    KLARO,
    TARTEAUCITRON,
    DIDOMI,
    AXEPTIO,
    INSITES,
    COOKIE_SCRIPT,
    COOKIEFIRST,
    COOKIE_INFORMATION,
    BORLABS,
    CIVIC,
    TRUSTARC,
    MOOVE,
    REAL_COOKIE_BANNER,
    C15T,
    DJANGO_COOKIE_CONSENT,
    DRUPAL,
    TYPO3,
    SHOPIFY,
    COOKIEHUB,
    WAGTAIL_TAG_MANAGER,
    FIDES,
    WPCONSENT,
    COOKIE_NOTICE,
    OREJIME,
    TCF,
    GPP,
    US_PRIVACY,
    GPC,
    DNT,
)
