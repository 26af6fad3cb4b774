"""The facade's texts, in every language that the package has, and the choice of one for a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from unicodedata import category

#: The characters that XML 1.0 (section 2.2) forbids, even as references: controls, surrogates, U+FFFE and U+FFFF.
NOT_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: The texts that may be empty, because something is then left out as a whole.
MAY_BE_EMPTY = frozenset({"ready", "without_script", "forms", "meetings", "calls_to_action", "video"})


def _shows_nothing(text: str) -> bool:
    """Return whether a text is empty, or has only white space and characters without a shape (category Cf)."""
    return all(letter.isspace() or category(letter) == "Cf" for letter in text)


@dataclass(frozen=True, slots=True)
class Texts:
    """The facade's texts in one language. `{vendor}` stands for the vendor's name.

    Only the texts of which that is said may be empty. White space alone counts as empty.

    Attributes:
        label: the name of the facade's region, for screen readers.
        button: the button's label.
        description: what the click does. It is shown next to the button, and screen readers read it with the button.
        summary: the description in a few words, on the small control that shows and hides the description.
        privacy: the link to the privacy page, after the description.
        loading: shown while the chat loads.
        ready: read by screen readers when the chat has opened. Empty: nothing is read.
        failed: shown when the chat cannot be loaded, above the `contact` link.
        failed_alone: the same if the site has no contact link, so that it has to name another way itself.
        offline: shown at once when the browser has no network.
        contact: the link to another way to make contact.
        without_script: shown without JavaScript if the site has no contact link. Empty: nothing is shown.
        embed: what the click on a placeholder does.
        embed_loading, embed_failed: the same as `loading` and `failed` for a placeholder.
        forms, meetings, calls_to_action, video: the label of a placeholder's button, by the kind of embed. Empty: no
            placeholder of that kind.
    """

    label: str = "Live chat"
    button: str = "Chat with us"
    description: str = "Opens {vendor}'s chat, which stores a cookie on your device."
    summary: str = "{vendor}, sets a cookie"
    privacy: str = "Privacy policy"
    loading: str = "Loading chat\u2026"
    ready: str = "The chat is open."
    failed: str = "The chat could not be loaded. Please try again or contact us."
    failed_alone: str = "The chat could not be loaded. Please try again, or use the contact details on this website."
    offline: str = "You are offline."
    contact: str = "Contact us"
    without_script: str = "Live chat needs JavaScript."
    embed: str = "This comes from {vendor}, which may store cookies on your device."
    embed_loading: str = "Loading\u2026"
    embed_failed: str = "This could not be loaded. Please try again."
    forms: str = "Show the form"
    meetings: str = "Show the calendar"
    calls_to_action: str = "Show the offer"
    video: str = "Play the video"

    def __post_init__(self) -> None:
        """Check the characters, and that no text is empty which the visitor needs.

        Raises:
            ValueError: a text has a character that no page can contain, or shows nothing and may not be empty.
        """
        for field in fields(self):
            text = getattr(self, field.name)
            if NOT_TEXT.search(text):
                raise ValueError(f"{field.name} contains a character that no page can contain")
            if _shows_nothing(text):
                if field.name not in MAY_BE_EMPTY:
                    raise ValueError(f"{field.name} must not be empty")
                object.__setattr__(self, field.name, "")


#: The texts by language (BCP 47, primary subtag).
LANGUAGES: Mapping[str, Texts] = MappingProxyType(
    {
        "en": Texts(),
        "de": Texts(
            label="Live-Chat",
            button="Mit uns chatten",
            description="Öffnet den Chat von {vendor}, der ein Cookie auf Ihrem Gerät speichert.",
            summary="{vendor}, setzt ein Cookie",
            privacy="Datenschutzerklärung",
            loading="Der Chat wird geladen\u2026",
            ready="Der Chat ist geöffnet.",
            failed="Der Chat konnte nicht geladen werden. Bitte versuchen Sie es erneut oder kontaktieren Sie uns.",
            failed_alone="Der Chat konnte nicht geladen werden. Bitte versuchen Sie es erneut oder nutzen Sie die Kontaktdaten auf dieser Website.",
            offline="Sie sind offline.",
            contact="Kontakt",
            without_script="Der Live-Chat braucht JavaScript.",
            embed="Das kommt von {vendor}; dabei können Cookies auf Ihrem Gerät gespeichert werden.",
            embed_loading="Wird geladen\u2026",
            embed_failed="Das konnte nicht geladen werden. Bitte versuchen Sie es erneut.",
            forms="Formular anzeigen",
            meetings="Kalender anzeigen",
            calls_to_action="Angebot anzeigen",
            video="Video abspielen",
        ),
        "fr": Texts(
            label="Chat en direct",
            button="Discuter avec nous",
            description="Ouvre le chat de {vendor}, qui enregistre un cookie sur votre appareil.",
            summary="{vendor}, dépose un cookie",
            privacy="Politique de confidentialité",
            loading="Chargement du chat\u2026",
            ready="Le chat est ouvert.",
            failed="Le chat n’a pas pu être chargé. Veuillez réessayer ou nous contacter.",
            failed_alone="Le chat n’a pas pu être chargé. Veuillez réessayer ou utiliser les coordonnées indiquées sur ce site.",
            offline="Vous êtes hors ligne.",
            contact="Nous contacter",
            without_script="Le chat en direct nécessite JavaScript.",
            embed="Ce contenu vient de {vendor}, qui peut enregistrer des cookies sur votre appareil.",
            embed_loading="Chargement\u2026",
            embed_failed="Le chargement a échoué. Veuillez réessayer.",
            forms="Afficher le formulaire",
            meetings="Afficher le calendrier",
            calls_to_action="Afficher l’offre",
            video="Lire la vidéo",
        ),
        "es": Texts(
            label="Chat en vivo",
            button="Chatear con nosotros",
            description="Abre el chat de {vendor}, que guarda una cookie en su dispositivo.",
            summary="{vendor}, guarda una cookie",
            privacy="Política de privacidad",
            loading="Cargando el chat\u2026",
            ready="El chat está abierto.",
            failed="No se ha podido cargar el chat. Inténtelo de nuevo o contáctenos.",
            failed_alone="No se ha podido cargar el chat. Inténtelo de nuevo o use los datos de contacto de este sitio web.",
            offline="No tiene conexión.",
            contact="Contacto",
            without_script="El chat en vivo necesita JavaScript.",
            embed="Este contenido viene de {vendor}, que puede guardar cookies en su dispositivo.",
            embed_loading="Cargando\u2026",
            embed_failed="No se ha podido cargar. Inténtelo de nuevo.",
            forms="Mostrar el formulario",
            meetings="Mostrar el calendario",
            calls_to_action="Mostrar la oferta",
            video="Reproducir el vídeo",
        ),
        "it": Texts(
            label="Chat dal vivo",
            button="Chatta con noi",
            description="Apre la chat di {vendor}, che salva un cookie sul suo dispositivo.",
            summary="{vendor}, salva un cookie",
            privacy="Informativa sulla privacy",
            loading="Caricamento della chat\u2026",
            ready="La chat è aperta.",
            failed="Non è stato possibile caricare la chat. Riprovi o ci contatti.",
            failed_alone="Non è stato possibile caricare la chat. Riprovi o usi i recapiti indicati in questo sito.",
            offline="Non è in linea.",
            contact="Contatti",
            without_script="La chat dal vivo richiede JavaScript.",
            embed="Questo contenuto proviene da {vendor}, che può salvare cookie sul suo dispositivo.",
            embed_loading="Caricamento\u2026",
            embed_failed="Il caricamento non è riuscito. Riprovi.",
            forms="Mostra il modulo",
            meetings="Mostra il calendario",
            calls_to_action="Mostra l’offerta",
            video="Riproduci il video",
        ),
        "nl": Texts(
            label="Livechat",
            button="Chat met ons",
            description="Opent de chat van {vendor}, die een cookie op uw apparaat opslaat.",
            summary="{vendor}, plaatst een cookie",
            privacy="Privacyverklaring",
            loading="Chat wordt geladen\u2026",
            ready="De chat is geopend.",
            failed="De chat kon niet worden geladen. Probeer het opnieuw of neem contact op.",
            failed_alone="De chat kon niet worden geladen. Probeer het opnieuw of gebruik de contactgegevens op deze website.",
            offline="U bent offline.",
            contact="Contact",
            without_script="Voor de livechat is JavaScript nodig.",
            embed="Dit komt van {vendor}, dat cookies op uw apparaat kan opslaan.",
            embed_loading="Laden\u2026",
            embed_failed="Dit kon niet worden geladen. Probeer het opnieuw.",
            forms="Formulier tonen",
            meetings="Agenda tonen",
            calls_to_action="Aanbod tonen",
            video="Video afspelen",
        ),
        "pt": Texts(
            label="Chat ao vivo",
            button="Fale connosco por chat",
            description="Abre o chat da {vendor}, que guarda um cookie no seu dispositivo.",
            summary="{vendor}, guarda um cookie",
            privacy="Política de privacidade",
            loading="A carregar o chat\u2026",
            ready="O chat está aberto.",
            failed="Não foi possível carregar o chat. Tente novamente ou contacte-nos.",
            failed_alone="Não foi possível carregar o chat. Tente novamente ou use os contactos indicados neste site.",
            offline="Está sem ligação.",
            contact="Contacto",
            without_script="O chat ao vivo precisa de JavaScript.",
            embed="Este conteúdo vem da {vendor}, que pode guardar cookies no seu dispositivo.",
            embed_loading="A carregar\u2026",
            embed_failed="Não foi possível carregar. Tente novamente.",
            forms="Mostrar o formulário",
            meetings="Mostrar o calendário",
            calls_to_action="Mostrar a oferta",
            video="Reproduzir o vídeo",
        ),
        "pl": Texts(
            label="Czat na żywo",
            button="Porozmawiaj z nami",
            description="Otwiera czat {vendor}, który zapisuje plik cookie na Twoim urządzeniu.",
            summary="{vendor}, zapisuje plik cookie",
            privacy="Polityka prywatności",
            loading="Ładowanie czatu\u2026",
            ready="Czat jest otwarty.",
            failed="Nie udało się załadować czatu. Spróbuj ponownie lub skontaktuj się z nami.",
            failed_alone="Nie udało się załadować czatu. Spróbuj ponownie lub skorzystaj z danych kontaktowych na tej stronie.",
            offline="Jesteś offline.",
            contact="Kontakt",
            without_script="Czat na żywo wymaga JavaScriptu.",
            embed="Ta treść pochodzi z {vendor}; może zapisywać pliki cookie na Twoim urządzeniu.",
            embed_loading="Ładowanie\u2026",
            embed_failed="Nie udało się załadować. Spróbuj ponownie.",
            forms="Pokaż formularz",
            meetings="Pokaż kalendarz",
            calls_to_action="Pokaż ofertę",
            video="Odtwórz film",
        ),
        "sv": Texts(
            label="Livechatt",
            button="Chatta med oss",
            description="Öppnar {vendor}s chatt, som sparar en kaka på din enhet.",
            summary="{vendor}, sparar en kaka",
            privacy="Integritetspolicy",
            loading="Laddar chatten\u2026",
            ready="Chatten är öppen.",
            failed="Chatten kunde inte laddas. Försök igen eller kontakta oss.",
            failed_alone="Chatten kunde inte laddas. Försök igen eller använd kontaktuppgifterna på webbplatsen.",
            offline="Du är offline.",
            contact="Kontakta oss",
            without_script="Livechatten kräver JavaScript.",
            embed="Detta kommer från {vendor}, som kan spara kakor på din enhet.",
            embed_loading="Laddar\u2026",
            embed_failed="Det gick inte att ladda. Försök igen.",
            forms="Visa formuläret",
            meetings="Visa kalendern",
            calls_to_action="Visa erbjudandet",
            video="Spela videon",
        ),
        "da": Texts(
            label="Livechat",
            button="Chat med os",
            description="Åbner {vendor}s chat, som gemmer en cookie på din enhed.",
            summary="{vendor}, gemmer en cookie",
            privacy="Privatlivspolitik",
            loading="Indlæser chatten\u2026",
            ready="Chatten er åben.",
            failed="Chatten kunne ikke indlæses. Prøv igen, eller kontakt os.",
            failed_alone="Chatten kunne ikke indlæses. Prøv igen, eller brug kontaktoplysningerne på webstedet.",
            offline="Du er offline.",
            contact="Kontakt os",
            without_script="Livechatten kræver JavaScript.",
            embed="Dette kommer fra {vendor}, som kan gemme cookies på din enhed.",
            embed_loading="Indlæser\u2026",
            embed_failed="Det kunne ikke indlæses. Prøv igen.",
            forms="Vis formularen",
            meetings="Vis kalenderen",
            calls_to_action="Vis tilbuddet",
            video="Afspil videoen",
        ),
    }
)


def choose(languages: Mapping[str, object], lang: str | None) -> str:
    """Return the key of `languages` that fits a language tag best (RFC 4647, section 3.4, "lookup").

    If none fits, the key is "en", or the first if there is no English.
    """
    tag = (lang or "").strip().lower().replace("_", "-")
    while tag:
        if tag in languages:
            return tag
        tag = tag.rpartition("-")[0]
    return "en" if "en" in languages else next(iter(languages))
