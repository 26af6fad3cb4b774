"""What a privacy notice says about a vendor in addition to its cookies: plain data that each vendor fills in."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from .purpose import Purpose

#: The kinds of personal information in Cal. Civ. Code section 1798.140(v)(1), by letter.
STATUTORY_CATEGORIES = MappingProxyType(
    {
        "A": "Identifiers",
        "B": "Customer records (section 1798.80(e))",
        "C": "Characteristics of protected classifications",
        "D": "Commercial information",
        "E": "Biometric information",
        "F": "Internet or other electronic network activity information",
        "G": "Geolocation data",
        "H": "Audio, electronic, visual, thermal, olfactory, or similar information",
        "I": "Professional or employment-related information",
        "J": "Education information",
        "K": "Inferences",
        "L": "Sensitive personal information",
    }
)


@dataclass(frozen=True, slots=True)
class UnlistedCookie:
    """A cookie that is left out of a vendor's cookie rules on purpose, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ContactedHost:
    """A host that a visitor's browser contacts once a purpose is allowed.

    Attributes:
        purpose: what must be allowed first. None: nothing, because the host serves what asks for consent.
        host: the host; where it is `regional`, the one of the vendor's first region.
        description: one sentence on what the host does.
        regional: each further region of the vendor has its own host of this kind.
    """

    purpose: Purpose | None
    host: str
    description: str
    regional: bool = False


@dataclass(frozen=True, slots=True)
class PersonalInformation:
    """Personal information that is collected for one purpose.

    Attributes:
        purpose: what it is collected for.
        letter: its kind in Cal. Civ. Code section 1798.140(v)(1), a key of `STATUTORY_CATEGORIES`.
        what: what is collected.
        inferred: this follows from how the service works; no document or script of the vendor says it.
        condition: it is collected only if this is so. Empty: it is always collected.
    """

    purpose: Purpose
    letter: str
    what: str
    inferred: bool = False
    condition: str = ""


@dataclass(frozen=True, slots=True)
class DisclosureData:
    """What a privacy notice says about a vendor in addition to its cookies.

    Attributes:
        policy_url: the address of the vendor's own privacy policy.
        contacts: the hosts that a visitor's browser contacts.
        information: the personal information that is collected.
        sharing: for each purpose, what decides whether personal information is sold or shared. The site must answer.
        unlisted: the cookies that are left out, and why.
    """

    policy_url: str = ""
    contacts: tuple[ContactedHost, ...] = ()
    information: tuple[PersonalInformation, ...] = ()
    sharing: tuple[tuple[Purpose, str], ...] = ()
    unlisted: tuple[UnlistedCookie, ...] = ()
