"""Samples of HubSpot's tags in every form that sites use, written by hand after real ones.

A `Sample` has the site's markup, and the markup that a visitor without consent gets. `LOOK_ALIKES` must stay unchanged.
"""

from __future__ import annotations

from typing import NamedTuple

from consent_middleware.purpose import Purpose

TRACKING, CHAT, EMBEDS = Purpose.TRACKING, Purpose.CHAT, Purpose.EMBEDS


class Sample(NamedTuple):
    """One form of a tag.

    Attributes:
        markup: the markup on the site.
        blocked: the markup after blocking.
        rules: the ids of the rules that fit.
        purpose: the purpose for which it waits.
        portal: the portal of the chat, if the tag brings one.
    """

    markup: str
    blocked: str
    rules: tuple[str, ...]
    purpose: Purpose
    portal: str = ""


def _tag(rule: str, purpose: Purpose, markup: str, blocked: str, portal: str = "") -> Sample:
    return Sample(markup, blocked, (rule,), purpose, portal)


def _waits(purpose: str, kind: str = "") -> str:
    """Return the beginning of a blocked script's tag."""
    return f'script type="text/x-consent" data-consent="{purpose}"' + (f' data-consent-kind="{kind}"' if kind else "")


_T = _waits("tracking")
_C = _waits("chat")
_F = _waits("embeds", "forms")
_A = _waits("embeds", "calls-to-action")
_M = _waits("embeds", "meetings")
_V = _waits("embeds", "video")

_OLD_TRACKER = (
    "(function(d,s,i,r){if(d.getElementById(i)){return;}var n=d.createElement(s),e=d.getElementsByTagName(s)[0];"
    "n.id=i;n.src='//%s/analytics/'+(Math.ceil(new Date()/r)*r)+'/12345.js';e.parentNode.insertBefore(n,e);})"
    '(document,"script","hs-analytics",300000);'
)
_LOADER_BODY = (
    '!function(t,e,r){if(!document.getElementById(t)){var n=document.createElement("script");for(var a in '
    'n.src="https://js%s.usemessages.com/conversations-embed.js",n.type="text/javascript",n.id=t,r)'
    "r.hasOwnProperty(a)&&n.setAttribute(a,r[a]);var i=document.getElementsByTagName('script')[0];"
    'i.parentNode.insertBefore(n,i)}}("hubspot-messages-loader",0,'
    '{"data-loader":"hs-scriptloader","data-hsjs-portal":12345,"data-hsjs-env":"prod","data-hsjs-hublet":"%s"});'
)
_TRACKER_BODY = (
    "var _hsp=window._hsp=window._hsp||[];!function(e,t){if(!document.getElementById(e)){"
    'var c=document.createElement("script");'
    'c.src="https://js.hs-banner.com/v2/12345/banner.js",c.id=e;document.head.appendChild(c)}}("cookieBanner-12345",0);'
)

LOADERS: dict[str, Sample] = {
    "the official embed code": _tag(
        "hubspot.loader",
        TRACKING,
        "<!-- Start of HubSpot Embed Code -->\n"
        '<script type="text/javascript" id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js">'
        "</script>\n"
        "<!-- End of HubSpot Embed Code -->",
        "<!-- Start of HubSpot Embed Code -->\n"
        f'<{_T} data-consent-type="text/javascript" data-consent-id="hs-script-loader" async defer '
        'data-consent-src="//js.hs-scripts.com/12345.js"></script>\n'
        "<!-- End of HubSpot Embed Code -->",
        "12345",
    ),
    "a region of today": _tag(
        "hubspot.loader",
        TRACKING,
        "<SCRIPT ID=hs-script-loader ASYNC SRC='https://js-eu1.hs-scripts.com/12345.js'></SCRIPT>",
        f"<{_T.replace('script ', 'SCRIPT ', 1)} data-consent-id=hs-script-loader ASYNC "
        "data-consent-src='https://js-eu1.hs-scripts.com/12345.js'></SCRIPT>",
        "12345",
    ),
    "a region of tomorrow, a business unit and another id": _tag(
        "hubspot.loader",
        TRACKING,
        '<script id="ahize-hubspot" src="//js-xx42.hs-scripts.com/12345.js?businessUnitId=7"></script>',
        f'<{_T} data-consent-id="ahize-hubspot" '
        'data-consent-src="//js-xx42.hs-scripts.com/12345.js?businessUnitId=7"></script>',
        "12345",
    ),
    "the WordPress plugin of 2019": _tag(
        "hubspot.loader",
        TRACKING,
        "<script async defer id=\"hs-script-loader\" type='text/javascript' "
        "src='//js.hs-scripts.com/12345.js?integration=WordPress'></script>",
        f"<{_T} async defer data-consent-id=\"hs-script-loader\" data-consent-type='text/javascript' "
        "data-consent-src='//js.hs-scripts.com/12345.js?integration=WordPress'></script>",
        "12345",
    ),
    "the WordPress plugin of today, with its settings": _tag(
        "hubspot.loader",
        TRACKING,
        '<script id="leadin-script-loader-js-js-extra">var leadin_wordpress = {"userRole":"visitor"};</script>\n'
        "<script src='https://js.hs-scripts.com/12345.js?integration=WordPress&#038;ver=11.3.6' "
        "id='leadin-script-loader-js-js'></script>",
        '<script id="leadin-script-loader-js-js-extra">var leadin_wordpress = {"userRole":"visitor"};</script>\n'
        f"<{_T} data-consent-src='https://js.hs-scripts.com/12345.js?integration=WordPress&#038;ver=11.3.6' "
        "data-consent-id='leadin-script-loader-js-js'></script>",
        "12345",
    ),
    "the loader's other address": _tag(
        "hubspot.loader",
        TRACKING,
        '<script src="https://api-na1.hubapi.com/scriptloader/v1/12345.js?shop=x" async></script>',
        f'<{_T} data-consent-src="https://api-na1.hubapi.com/scriptloader/v1/12345.js?shop=x" async></script>',
        "12345",
    ),
    "first party, on HubSpot's content system": _tag(
        "hubspot.loader",
        TRACKING,
        '<script type="text/javascript" id="hs-script-loader" async defer '
        'src="/hs/scriptloader/12345.js?businessUnitId=0"></script>',
        f'<{_T} data-consent-type="text/javascript" data-consent-id="hs-script-loader" async defer '
        'data-consent-src="/hs/scriptloader/12345.js?businessUnitId=0"></script>',
        "12345",
    ),
    "first party, relative and without an id": _tag(
        "hubspot.loader",
        TRACKING,
        '<script src="../hs/scriptloader/12345.js"></script>',
        f'<{_T} data-consent-src="../hs/scriptloader/12345.js"></script>',
        "12345",
    ),
    "a copy that a plugin keeps, known by its id": _tag(
        "hubspot.loader",
        TRACKING,
        '<script id="hs-script-loader" src="https://www.shop.example/cache/min/1/12345.js?ver=1"></script>',
        f'<{_T} data-consent-id="hs-script-loader" '
        'data-consent-src="https://www.shop.example/cache/min/1/12345.js?ver=1"></script>',
        "12345",
    ),
    "the oldest plugin's id": _tag(
        "hubspot.loader",
        TRACKING,
        '<script id="LeadinEmbed-12345" src="/js/leadin.js"></script>',
        f'<{_T} data-consent-id="LeadinEmbed-12345" data-consent-src="/js/leadin.js"></script>',
        "12345",
    ),
    "the analytics script, which brings the loader": _tag(
        "hubspot.analytics",
        TRACKING,
        '<script id="hs-analytics" src="//js.hs-analytics.net/analytics/1700000000000/12345.js"></script>',
        f'<{_T} data-consent-id="hs-analytics" '
        'data-consent-src="//js.hs-analytics.net/analytics/1700000000000/12345.js"></script>',
        "12345",
    ),
    "the analytics script of long ago": _tag(
        "hubspot.analytics",
        TRACKING,
        '<script src="//js.hubspot.com/analytics/1300000000/12345.js"></script>',
        f'<{_T} data-consent-src="//js.hubspot.com/analytics/1300000000/12345.js"></script>',
        "12345",
    ),
    "a module with integrity and a nonce": _tag(
        "hubspot.loader",
        TRACKING,
        '<script type="module" nonce="abc" integrity="sha384-x" crossorigin="anonymous" referrerpolicy="origin" '
        'src="https://js.hs-scripts.com/12345.js"></script>',
        f'<{_T} data-consent-type="module" nonce="abc" integrity="sha384-x" crossorigin="anonymous" '
        'referrerpolicy="origin" data-consent-src="https://js.hs-scripts.com/12345.js"></script>',
        "12345",
    ),
}

DELAYED: dict[str, Sample] = {
    "WP Rocket, known by its id": _tag(
        "hubspot.loader",
        TRACKING,
        '<script type="rocketlazyloadscript" data-rocket-type="text/javascript" id="hs-script-loader" async defer '
        'data-rocket-src="https://www.shop.example/wp-content/cache/min/1/12345.js?ver=1"></script>',
        f'<{_T} data-consent-was-type="rocketlazyloadscript" data-rocket-type="text/javascript" '
        'data-consent-id="hs-script-loader" async defer '
        'data-consent-src="https://www.shop.example/wp-content/cache/min/1/12345.js?ver=1"></script>',
        "12345",
    ),
    "LiteSpeed, a form library and the script that needs it": Sample(
        '<script charset="utf-8" type="litespeed/javascript" data-src="//js.hsforms.net/forms/v2.js"></script>'
        '<script type="litespeed/javascript">hbspt.forms.create({portalId:"12345",formId:"abc"})</script>',
        f'<{_F} charset="utf-8" data-consent-was-type="litespeed/javascript" '
        'data-consent-src="//js.hsforms.net/forms/v2.js"></script>'
        f'<{_F} data-consent-was-type="litespeed/javascript">'
        'hbspt.forms.create({portalId:"12345",formId:"abc"})</script>',
        ("hubspot.forms", "hubspot.form"),
        EMBEDS,
    ),
    "Rocket Loader": _tag(
        "hubspot.loader",
        TRACKING,
        '<script type="1a2b3c4d5e6f7a8b9c0d1e2f-text/javascript" src="https://js.hs-scripts.com/12345.js" '
        "id='hs-script-loader'></script>",
        f'<{_T} data-consent-was-type="1a2b3c4d5e6f7a8b9c0d1e2f-text/javascript" '
        "data-consent-src=\"https://js.hs-scripts.com/12345.js\" data-consent-id='hs-script-loader'></script>",
        "12345",
    ),
    "a type that nobody knows": _tag(
        "hubspot.loader",
        TRACKING,
        '<script type="wphb-delay-type" src="https://js.hs-scripts.com/12345.js"></script>',
        f'<{_T} data-consent-was-type="wphb-delay-type" data-consent-src="https://js.hs-scripts.com/12345.js"></script>',
        "12345",
    ),
    "a type that nobody knows, and an address for later": _tag(
        "hubspot.loader",
        TRACKING,
        '<script type="lazyload_int" data-src="https://js.hs-scripts.com/12345.js"></script>',
        f'<{_T} data-consent-was-type="lazyload_int" data-consent-src="https://js.hs-scripts.com/12345.js"></script>',
        "12345",
    ),
    "an address for a lazy loader": _tag(
        "hubspot.loader",
        TRACKING,
        '<script data-type="lazy" data-src="https://js.hs-scripts.com/12345.js"></script>',
        f'<{_T} data-type="lazy" data-consent-src="https://js.hs-scripts.com/12345.js"></script>',
        "12345",
    ),
    "Next.js, which fetches ahead": _tag(
        "hint",
        TRACKING,
        '<link rel="preload" href="https://js.hs-scripts.com/12345.js" as="script"/>',
        '<link data-consent="tracking" data-consent-rel="preload" '
        'data-consent-href="https://js.hs-scripts.com/12345.js" as="script"/>',
    ),
    "a custom element that makes a script": _tag(
        "hubspot.loader",
        TRACKING,
        '<phoenix-script src="https://js.hs-scripts.com/12345.js" delay-load></phoenix-script>',
        '<phoenix-script data-consent="tracking" data-consent-src="https://js.hs-scripts.com/12345.js" delay-load>'
        "</phoenix-script>",
    ),
}

CHATS: dict[str, Sample] = {
    "the chat alone": _tag(
        "hubspot.chat",
        CHAT,
        '<script type="text/javascript" id="hubspot-messages-loader" data-loader="hs-scriptloader" '
        'data-hsjs-portal="12345" data-hsjs-env="prod" data-hsjs-hublet="eu1" '
        'src="https://js-eu1.usemessages.com/conversations-embed.js"></script>',
        f'<{_C} data-consent-type="text/javascript" data-consent-id="hubspot-messages-loader" '
        'data-loader="hs-scriptloader" data-hsjs-portal="12345" data-hsjs-env="prod" data-hsjs-hublet="eu1" '
        'data-consent-src="https://js-eu1.usemessages.com/conversations-embed.js"></script>',
        "12345",
    ),
    "the chat of 2017": _tag(
        "hubspot.older-chat",
        CHAT,
        '<script id="messages-12345" src="https://api.usemessages.com/messages/v2/embed/12345.js"></script>',
        f'<{_C} data-consent-id="messages-12345" '
        'data-consent-src="https://api.usemessages.com/messages/v2/embed/12345.js"></script>',
        "12345",
    ),
    "the shell before that": _tag(
        "hubspot.older-chat",
        CHAT,
        '<script src="//js.usemessages.com/messageswidgetshell.js" data-hsjs-portal="12345"></script>',
        f'<{_C} data-consent-src="//js.usemessages.com/messageswidgetshell.js" data-hsjs-portal="12345"></script>',
        "12345",
    ),
    "a copy on the site itself": _tag(
        "hubspot.chat",
        CHAT,
        '<script id="hubspot-messages-loader" data-loader="hs-scriptloader" data-hsjs-portal="12345" '
        'data-hsjs-env="prod" src="/hubspot/conversations-embed.js"></script>',
        f'<{_C} data-consent-id="hubspot-messages-loader" data-loader="hs-scriptloader" data-hsjs-portal="12345" '
        'data-hsjs-env="prod" data-consent-src="/hubspot/conversations-embed.js"></script>',
        "12345",
    ),
    "a saved page's copy": _tag(
        "hubspot.chat",
        CHAT,
        '<script src="./Name_files/conversations-embed.js.download" id="hubspot-messages-loader" '
        'data-hsjs-portal="12345"></script>',
        f'<{_C} data-consent-src="./Name_files/conversations-embed.js.download" '
        'data-consent-id="hubspot-messages-loader" data-hsjs-portal="12345"></script>',
        "12345",
    ),
    "a saved page's chat window": _tag(
        "hubspot.chat-frame",
        CHAT,
        '<iframe id="hubspot-conversations-iframe" title="chat" '
        'src="https://app-eu1.hubspot.com/conversations-visitor/12345/threads/utk/a?uuid=b"></iframe>',
        '<iframe data-consent="chat" id="hubspot-conversations-iframe" title="chat" '
        'data-consent-src="https://app-eu1.hubspot.com/conversations-visitor/12345/threads/utk/a?uuid=b"></iframe>',
    ),
}

INLINE: dict[str, Sample] = {
    "the old tracker": _tag(
        "hubspot.inline-loader",
        TRACKING,
        f"<script>{_OLD_TRACKER % 'js.hs-analytics.net'}</script>",
        f"<{_T}>{_OLD_TRACKER % 'js.hs-analytics.net'}</script>",
        "12345",
    ),
    "the oldest tracker, behind its queue": _tag(
        "hubspot.inline-loader",
        TRACKING,
        f'<script type="text/javascript">var _hsq = _hsq || [];\n{_OLD_TRACKER % "js.hubspot.com"}</script>',
        f'<{_T} data-consent-type="text/javascript">var _hsq = _hsq || [];\n{_OLD_TRACKER % "js.hubspot.com"}</script>',
        "12345",
    ),
    "the body of the chat's loader": _tag(
        "hubspot.inline-chat",
        CHAT,
        f"<script>{_LOADER_BODY % ('-eu1', 'eu1')}</script>",
        f"<{_C}>{_LOADER_BODY % ('-eu1', 'eu1')}</script>",
        "12345",
    ),
    "the body of the loader, trackers and chat": _tag(
        "hubspot.inline-loader",
        TRACKING,
        f"<script>{_TRACKER_BODY}\n{_LOADER_BODY % ('', 'na1')}</script>",
        f"<{_T}>{_TRACKER_BODY}\n{_LOADER_BODY % ('', 'na1')}</script>",
        "12345",
    ),
    "the body of a tracker": _tag(
        "hubspot.inline-tracking",
        TRACKING,
        f"<script nonce=abc>{_TRACKER_BODY}</script>",
        f"<{_T} nonce=abc>{_TRACKER_BODY}</script>",
    ),
    "a script element made by hand, after a while": _tag(
        "hubspot.inline-loader",
        TRACKING,
        "<script>setTimeout(function(){var s=document.createElement('script');s.src='//js.hs-scripts.com/12345.js';"
        "document.body.appendChild(s)},3000)</script>",
        f"<{_T}>setTimeout(function(){{var s=document.createElement('script');s.src='//js.hs-scripts.com/12345.js';"
        "document.body.appendChild(s)},3000)</script>",
        "12345",
    ),
    "an address put together": _tag(
        "hubspot.inline-loader",
        TRACKING,
        '<script>var s=document.createElement("script");s.src="https://js.hs-"+"scripts.com/"+"12345"+".js";'
        "document.head.append(s)</script>",
        f'<{_T}>var s=document.createElement("script");s.src="https://js.hs-"+"scripts.com/"+"12345"+".js";'
        "document.head.append(s)</script>",
        "12345",
    ),
    "an address in a template literal": _tag(
        "hubspot.inline-loader",
        TRACKING,
        "<script>const s=document.createElement('script');s.src=`https://js${region}.hs-scripts.com/${portal}.js`;"
        "document.head.append(s)</script>",
        f"<{_T}>const s=document.createElement('script');s.src=`https://js${{region}}.hs-scripts.com/${{portal}}.js`;"
        "document.head.append(s)</script>",
    ),
    "a host in a variable": _tag(
        "hubspot.inline-loader",
        TRACKING,
        '<script>var h="js.hs-scripts.com",s=document.createElement("script");s.src="//"+h+"/12345.js";'
        "document.head.append(s)</script>",
        f'<{_T}>var h="js.hs-scripts.com",s=document.createElement("script");s.src="//"+h+"/12345.js";'
        "document.head.append(s)</script>",
        "12345",
    ),
    "written into the document": _tag(
        "hubspot.inline-loader",
        TRACKING,
        "<script>document.write('<script src=\"//js.hs-scripts.com/12345.js\"><\\/script>')</script>",
        f"<{_T}>document.write('<script src=\"//js.hs-scripts.com/12345.js\"><\\/script>')</script>",
        "12345",
    ),
    "a shop's list of scripts, escaped": _tag(
        "hubspot.inline-loader",
        TRACKING,
        '<script>(function(){var urls=["\\/\\/api-na1.hubapi.com\\/scriptloader\\/v1\\/12345.js?shop=x"];'
        "var s=document.createElement('script');s.src=urls[0];document.body.appendChild(s)})();</script>",
        f'<{_T}>(function(){{var urls=["\\/\\/api-na1.hubapi.com\\/scriptloader\\/v1\\/12345.js?shop=x"];'
        "var s=document.createElement('script');s.src=urls[0];document.body.appendChild(s)})();</script>",
        "12345",
    ),
    "a pixel from a script": _tag(
        "hubspot.inline-tracking",
        TRACKING,
        '<script>new Image().src="https://track.hubspot.com/__ptq.gif?a=12345";</script>',
        f'<{_T}>new Image().src="https://track.hubspot.com/__ptq.gif?a=12345";</script>',
    ),
}

_MADE = "var s=document.createElement('script');s.src='https://js.hs-scripts.com/12345.js';document.head.append(s)"


def _inline(text: str, rule: str = "hubspot.inline-loader", portal: str = "12345", attributes: str = "") -> Sample:
    """Return an inline script that is blocked with its text unchanged."""
    return _tag(rule, TRACKING, f"<script{attributes}>{text}</script>", f"<{_T}{attributes}>{text}</script>", portal)


INLINE |= {
    "an address that a template language has escaped": _inline(
        _MADE.replace("https://js.hs-scripts.com/", r"https://js.hs\u002Dscripts.com/")
    ),
    "an address of which nothing stands as it is": _inline(
        _MADE.replace("://js.hs-scripts.com/", r"\u003A\u002F\x2Fjs\x2ehs\u{2d}scr\x69pts\u002ecom\x2f")
    ),
    "an address over several lines": _inline(
        _MADE.replace("js.hs-scripts.com/", "js.hs-'\n  +\t'scripts.com/'   +\r\n'")
    ),
    "a script that only asks a consent platform": _inline(
        f"if(window.klaroConfig==1||CookieConsent.acceptedCategory('x')){{{_MADE}}}",
        portal="",
    ),
}

INLINE |= {
    f"what loads by other words: {text}": _inline(text, portal=portal, attributes=attributes)
    for attributes, portal, text in (
        (" nonce=module", "12345", 'import "https://js.hs-scripts.com/12345.js"'),
        ("", "", 'import{a as b, c} from "https://js.hs-scripts.com/12345.js"'),
        ("", "12345", 'loadJS("https://js.hs-scripts.com/12345.js")'),
        ("", "12345", 'loadjs(["https://js.hs-scripts.com/12345.js"])'),
        ("", "12345", 'load_script("https://js.hs-scripts.com/12345.js")'),
        ("", "", "$('<img>',{'src':'//js.hs-scripts.com/12345.js'}).appendTo('body')"),
        ("", "", "$('#a').html(\"<img src='//js.hs-scripts.com/12345.js'>\")"),
        ("", "", "$('#a').load('//js.hs-scripts.com/12345.js')"),
        ("", "12345", "require(['//js.hs-scripts.com/12345.js'])"),
        ("", "12345", "$.cachedScript('//js.hs-scripts.com/12345.js')"),
    )
}
INLINE |= {
    "a text beside an address for a lazy loader": _inline(_MADE, attributes=' data-src="/a.js"'),
    "an address for a lazy loader beside a text": _tag(
        "hubspot.loader",
        TRACKING,
        '<script data-lazy-src="//js.hs-scripts.com/12345.js">var u="//js.hs-scripts.com/12345.js"</script>',
        f'<{_T} data-consent-src="//js.hs-scripts.com/12345.js">var u="//js.hs-scripts.com/12345.js"</script>',
        "12345",
    ),
}

INLINE |= {
    f"what is no comment: {text[:40]}": _inline(text, portal="" if text.startswith(("var a", "a(")) else "12345")
    for text in (
        f"// HubSpot\n{_MADE}",
        f"/* HubSpot */{_MADE}/* end */",
        f"//<![CDATA[\n{_MADE}\n//]]>",
        f"var a=' //';{_MADE}",
        f"var a=\" /*\";{_MADE};var b=' */'",
        f"var a=b.replace(/^https?:\\/\\//,'');{_MADE}",
        f"var a=/[\"']/;{_MADE}",
        "document.write(`\n<script src=\n//js.hs-scripts.com/12345.js><\\/script>`)",
        f'a(/"/,"x; // b");{_MADE}',
        f"// it ends here\u2028{_MADE}",
    )
}
INLINE |= {
    f"what is no mere mention: {text[:40]}": _inline(text, portal=portal)
    for text, portal in (
        (f"a.innerHTML='<a href=\"https://meetings.hubspot.com/joe\">';{_MADE}", ""),
        (
            "['js.hs-scripts.com'].forEach(h=>{let s=document.createElement('script');s.src='//'+h+'/12345.js'})",
            "12345",
        ),
        (f'self.__next_f.push([1,"a"]);{_MADE}', ""),
        (f'self.__next_f.push([1,"a\\\\"]);{_MADE};("")', ""),
    )
}

CHILDREN: dict[str, Sample] = {
    "the banner": _tag(
        "hubspot.banner",
        TRACKING,
        '<script src="https://js.hs-banner.com/v2/12345/banner.js" id="cookieBanner-12345" '
        'data-cookieconsent="ignore" data-hs-ignore="true"></script>',
        f'<{_T} data-consent-src="https://js.hs-banner.com/v2/12345/banner.js" '
        'data-consent-id="cookieBanner-12345" data-cookieconsent="ignore" data-hs-ignore="true"></script>',
    ),
    "collected forms": _tag(
        "hubspot.collected-forms",
        TRACKING,
        '<script src="https://js-eu1.hscollectedforms.net/collectedforms.js" id="CollectedForms-12345"></script>',
        f'<{_T} data-consent-src="https://js-eu1.hscollectedforms.net/collectedforms.js" '
        'data-consent-id="CollectedForms-12345"></script>',
    ),
    "lead flows, saved": _tag(
        "hubspot.lead-flows",
        TRACKING,
        '<script src="./x_files/leadflows.js.download" id="LeadFlows-12345" data-leadin-portal-id="12345"></script>',
        f'<{_T} data-consent-src="./x_files/leadflows.js.download" data-consent-id="LeadFlows-12345" '
        'data-leadin-portal-id="12345"></script>',
    ),
    "the ads pixel": _tag(
        "hubspot.ads-pixel",
        TRACKING,
        '<script src="https://js.hsadspixel.net/fb.js" id="hs-ads-pixel-12345"></script>',
        f'<{_T} data-consent-src="https://js.hsadspixel.net/fb.js" data-consent-id="hs-ads-pixel-12345"></script>',
    ),
    "web interactives": _tag(
        "hubspot.web-interactives",
        TRACKING,
        '<script src="https://js-na2.hubspot.com/web-interactives-embed.js"></script>',
        f'<{_T} data-consent-src="https://js-na2.hubspot.com/web-interactives-embed.js"></script>',
    ),
    "feedback": _tag(
        "hubspot.feedback",
        TRACKING,
        '<script src="https://js.hubspotfeedback.com/feedbackweb-new.js" id="hs-feedback-web-12345"></script>',
        f'<{_T} data-consent-src="https://js.hubspotfeedback.com/feedbackweb-new.js" '
        'data-consent-id="hs-feedback-web-12345"></script>',
    ),
    "a copy that its attributes tell": _tag(
        "hubspot.copy",
        TRACKING,
        '<script src="/js/a.js" data-loader="hs-scriptloader" data-hsjs-portal="12345"></script>',
        f'<{_T} data-consent-src="/js/a.js" data-loader="hs-scriptloader" data-hsjs-portal="12345"></script>',
    ),
    "what measures speed for HubSpot": _tag(
        "hubspot.site-tools",
        TRACKING,
        '<script src="/hs/hsstatic/content-cwv-embed/static-1.2/embed.js"></script>',
        f'<{_T} data-consent-src="/hs/hsstatic/content-cwv-embed/static-1.2/embed.js"></script>',
    ),
    "what counts partners' visitors for HubSpot": _tag(
        "hubspot.site-tools",
        TRACKING,
        '<script src="https://static.hsappstatic.net/affiliates-landing-embed/ex/referral.js"></script>',
        f'<{_T} data-consent-src="https://static.hsappstatic.net/affiliates-landing-embed/ex/referral.js"></script>',
    ),
    "the plugin of 2015": _tag(
        "hubspot.service",
        TRACKING,
        '<script src="//js.leadin.com/js/v2/12345.js"></script>',
        f'<{_T} data-consent-src="//js.leadin.com/js/v2/12345.js"></script>',
    ),
}

HINTS: dict[str, Sample] = {
    "a name looked up": _tag(
        "hint",
        TRACKING,
        "<link rel='dns-prefetch' href='//js.hs-scripts.com' />",
        "<link data-consent=\"tracking\" data-consent-rel='dns-prefetch' data-consent-href='//js.hs-scripts.com' />",
    ),
    "a connection opened": _tag(
        "hint",
        TRACKING,
        '<link rel="preconnect" href="https://forms-eu1.hscollectedforms.net" crossorigin>',
        '<link data-consent="tracking" data-consent-rel="preconnect" '
        'data-consent-href="https://forms-eu1.hscollectedforms.net" crossorigin>',
    ),
    "a connection for the chat": _tag(
        "hint",
        CHAT,
        '<link rel="preconnect" href="https://js.usemessages.com">',
        '<link data-consent="chat" data-consent-rel="preconnect" data-consent-href="https://js.usemessages.com">',
    ),
    "a connection for a form": _tag(
        "hint",
        EMBEDS,
        '<link rel="preconnect" href="https://js.hsforms.net/">',
        '<link data-consent="embeds" data-consent-rel="preconnect" data-consent-href="https://js.hsforms.net/">',
    ),
    "a connection in a region": _tag(
        "hint",
        TRACKING,
        '<link rel="preconnect" href="https://track-eu1.hubspot.com">',
        '<link data-consent="tracking" data-consent-rel="preconnect" data-consent-href="https://track-eu1.hubspot.com">',
    ),
    "a form library fetched ahead": _tag(
        "hint",
        EMBEDS,
        '<link rel="preload" as="script" href="//js.hsforms.net/forms/v2.js">',
        '<link data-consent="embeds" data-consent-rel="preload" as="script" '
        'data-consent-href="//js.hsforms.net/forms/v2.js">',
    ),
}

PIXELS: dict[str, Sample] = {
    "a picture": _tag(
        "hubspot.pixel",
        TRACKING,
        '<img height="1" alt="" src="https://track.hubspot.com/__ptq.gif?a=12345&amp;k=14">',
        '<img data-consent="tracking" height="1" alt="" '
        'data-consent-src="https://track.hubspot.com/__ptq.gif?a=12345&amp;k=14">',
    ),
    "a picture without scripts": _tag(
        "hubspot.pixel",
        TRACKING,
        '<noscript><img src="https://track-eu1.hubspot.com/__ptq.gif?a=12345" srcset="x 2x"></noscript>',
        '<noscript><img data-consent="tracking" data-consent-src="https://track-eu1.hubspot.com/__ptq.gif?a=12345" '
        'data-consent-srcset="x 2x"></noscript>',
    ),
    "a pixel in an accelerated page": _tag(
        "hubspot.pixel",
        TRACKING,
        '<amp-pixel src="https://track.hubspot.com/__ptq.gif?a=12345" layout="nodisplay"></amp-pixel>',
        '<amp-pixel data-consent="tracking" data-consent-src="https://track.hubspot.com/__ptq.gif?a=12345" '
        'layout="nodisplay"></amp-pixel>',
    ),
    "a call to the pop-up calls to action": _tag(
        "hubspot.calls-to-action-api",
        TRACKING,
        "<script>window.HubSpotCallsToActions.refresh();</script>",
        f"<{_T}>window.HubSpotCallsToActions.refresh();</script>",
    ),
    "a counter of forms": _tag(
        "hubspot.pixel",
        TRACKING,
        '<img src="https://forms.hsforms.com/embed/v3/counters.gif?key=x">',
        '<img data-consent="tracking" data-consent-src="https://forms.hsforms.com/embed/v3/counters.gif?key=x">',
    ),
    "a frame that only counts": _tag(
        "hubspot.pixel",
        TRACKING,
        '<iframe src="https://track.hubspot.com/x" width=0></iframe>',
        '<iframe data-consent="tracking" data-consent-src="https://track.hubspot.com/x" width=0></iframe>',
    ),
}

_CREATE = 'hbspt.forms.create({region:"na1",portalId:"12345",formId:"abc"});'

EMBEDDED: dict[str, Sample] = {
    "a form and its library": Sample(
        f'<script charset="utf-8" src="//js.hsforms.net/forms/embed/v2.js"></script>\n<script>\n  {_CREATE}\n</script>',
        f'<{_F} charset="utf-8" data-consent-src="//js.hsforms.net/forms/embed/v2.js"></script>\n'
        f"<{_F}>\n  {_CREATE}\n</script>",
        ("hubspot.forms", "hubspot.form"),
        EMBEDS,
    ),
    "a form in a frame of its own": Sample(
        '<script src="https://js-eu1.hsforms.net/forms/embed/12345.js" defer></script>'
        '<div class="hs-form-frame" data-region="eu1" data-form-id="abc" data-portal-id="12345"></div>',
        f'<{_F} data-consent-src="https://js-eu1.hsforms.net/forms/embed/12345.js" defer></script>'
        '<div class="hs-form-frame" data-region="eu1" data-form-id="abc" data-portal-id="12345"></div>',
        ("hubspot.forms",),
        EMBEDS,
    ),
    "a form on HubSpot's content system": Sample(
        f'<script src="/_hcms/forms/v2.js"></script><script data-hs-allowed="true">{_CREATE}</script>',
        f'<{_F} data-consent-src="/_hcms/forms/v2.js"></script><{_F} data-hs-allowed="true">{_CREATE}</script>',
        ("hubspot.forms", "hubspot.form"),
        EMBEDS,
    ),
    "a form of the WordPress plugin": _tag(
        "hubspot.form",
        EMBEDS,
        '<script>hbspt.enqueueForm({portalId: 12345, formId: "abc", target: "#hbspt-form-1"});</script>',
        f'<{_F}>hbspt.enqueueForm({{portalId: 12345, formId: "abc", target: "#hbspt-form-1"}});</script>',
    ),
    "a call to a newer form": _tag(
        "hubspot.forms-api",
        EMBEDS,
        '<script>HubSpotFormsV4.getForms()[0].setFieldValue("0-1/plan", "free");</script>',
        f'<{_F}>HubSpotFormsV4.getForms()[0].setFieldValue("0-1/plan", "free");</script>',
    ),
    "a call to a newer form, in the other spelling": _tag(
        "hubspot.forms-api",
        EMBEDS,
        "<script>(function(){var forms=window.HubspotFormsV4.getForms();"
        'forms.forEach(function(f){f.setFieldValue("0-1/plan","free")})})();</script>',
        f"<{_F}>(function(){{var forms=window.HubspotFormsV4.getForms();"
        'forms.forEach(function(f){f.setFieldValue("0-1/plan","free")})})();</script>',
    ),
    "a form that brings its library": _tag(
        "hubspot.inline-forms",
        EMBEDS,
        '<script>var s=document.createElement("script");s.src="https://js.hsforms.net/forms/v2.js";'
        f"s.onload=function(){{{_CREATE}}};document.head.appendChild(s);</script>",
        f'<{_F}>var s=document.createElement("script");s.src="https://js.hsforms.net/forms/v2.js";'
        f"s.onload=function(){{{_CREATE}}};document.head.appendChild(s);</script>",
    ),
    "a form's own page in a frame": _tag(
        "hubspot.forms",
        EMBEDS,
        '<iframe src="https://share.hsforms.com/1abc" loading="lazy"></iframe>',
        '<iframe data-consent="embeds" data-consent-kind="forms" data-consent-src="https://share.hsforms.com/1abc" '
        'loading="lazy"></iframe>',
    ),
    "meetings": Sample(
        '<div class="meetings-iframe-container" data-src="https://meetings-eu1.hubspot.com/anna?embed=true"></div>'
        '<script src="https://static.hsappstatic.net/MeetingsEmbed/ex/MeetingsEmbedCode.js"></script>',
        '<div class="meetings-iframe-container" data-src="https://meetings-eu1.hubspot.com/anna?embed=true"></div>'
        f'<{_M} data-consent-src="https://static.hsappstatic.net/MeetingsEmbed/ex/MeetingsEmbedCode.js"></script>',
        ("hubspot.meetings",),
        EMBEDS,
    ),
    "a payment": Sample(
        '<div class="payments-iframe-container" data-src="https://app-eu1.hubspot.com/payments/a?referrer=X"></div>'
        '<script src="https://static.hsappstatic.net/payments-embed/ex/PaymentsEmbedCode.js"></script>',
        '<div class="payments-iframe-container" data-src="https://app-eu1.hubspot.com/payments/a?referrer=X"></div>'
        f'<{_F} data-consent-src="https://static.hsappstatic.net/payments-embed/ex/PaymentsEmbedCode.js"></script>',
        ("hubspot.payments",),
        EMBEDS,
    ),
    "a payment in a plain frame": _tag(
        "hubspot.payments",
        EMBEDS,
        '<iframe src="https://app.hubspot.com/payments/a"></iframe>',
        '<iframe data-consent="embeds" data-consent-kind="forms" '
        'data-consent-src="https://app.hubspot.com/payments/a"></iframe>',
    ),
    "a payment that a script brings": _tag(
        "hubspot.inline-payments",
        EMBEDS,
        "<script>s=document.createElement('script');s.src='https://static.hsappstatic.net/payments-embed/ex/a.js';"
        "document.body.append(s)</script>",
        f"<{_F}>s=document.createElement('script');s.src='https://static.hsappstatic.net/payments-embed/ex/a.js';"
        "document.body.append(s)</script>",
    ),
    "a video that a script brings": _tag(
        "hubspot.inline-video",
        EMBEDS,
        "<script>s=document.createElement('script');s.src='https://static.hsappstatic.net/video-embed/ex/loader.js';"
        "document.body.append(s)</script>",
        f"<{_V}>s=document.createElement('script');s.src='https://static.hsappstatic.net/video-embed/ex/loader.js';"
        "document.body.append(s)</script>",
    ),
    "meetings in a plain frame": _tag(
        "hubspot.meetings",
        EMBEDS,
        '<iframe src="https://meetings.hubspot.com/anna" width="600" height="700"></iframe>',
        '<iframe data-consent="embeds" data-consent-kind="meetings" '
        'data-consent-src="https://meetings.hubspot.com/anna" width="600" height="700"></iframe>',
    ),
    "meetings in a frame that waits to be seen": _tag(
        "hubspot.meetings",
        EMBEDS,
        '<iframe src="about:blank" data-lazy-src="https://meetings.hubspot.com/anna"></iframe>',
        '<iframe data-consent="embeds" data-consent-kind="meetings" src="about:blank" '
        'data-consent-src="https://meetings.hubspot.com/anna"></iframe>',
    ),
    "a call to action": Sample(
        '<!--HubSpot Call-to-Action Code --><span class="hs-cta-wrapper" id="hs-cta-wrapper-1"><span '
        'class="hs-cta-node hs-cta-1"><!--[if lte IE 8]><div id="hs-cta-ie-element"></div><![endif]-->'
        '<a href="https://cta-redirect.hubspot.com/cta/redirect/12345/1"><img class="hs-cta-img" alt="Try it" '
        'src="https://no-cache.hubspot.com/cta/default/12345/1.png"/></a></span>'
        '<script charset="utf-8" src="https://js.hscta.net/cta/current.js"></script>'
        "<script>hbspt.cta.load(12345, '1', {});</script></span>",
        '<!--HubSpot Call-to-Action Code --><span class="hs-cta-wrapper" id="hs-cta-wrapper-1"><span '
        'class="hs-cta-node hs-cta-1"><!--[if lte IE 8]><div id="hs-cta-ie-element"></div><![endif]-->'
        '<a href="https://cta-redirect.hubspot.com/cta/redirect/12345/1">'
        '<img data-consent="embeds" data-consent-kind="calls-to-action" class="hs-cta-img" alt="Try it" '
        'data-consent-src="https://no-cache.hubspot.com/cta/default/12345/1.png"/></a></span>'
        f'<{_A} charset="utf-8" data-consent-src="https://js.hscta.net/cta/current.js"></script>'
        f"<{_A}>hbspt.cta.load(12345, '1', {{}});</script></span>",
        ("hubspot.calls-to-action", "hubspot.calls-to-action", "hubspot.call-to-action"),
        EMBEDS,
    ),
    "a call to action, first party": Sample(
        '<script src="/hs/cta/cta/current.js"></script>'
        "<script>hbspt.cta._relativeUrls=true;hbspt.cta.load(12345,'1',{});</script>",
        f'<{_A} data-consent-src="/hs/cta/cta/current.js"></script>'
        f"<{_A}>hbspt.cta._relativeUrls=true;hbspt.cta.load(12345,'1',{{}});</script>",
        ("hubspot.calls-to-action", "hubspot.call-to-action"),
        EMBEDS,
    ),
    "a call to action's picture in another region": _tag(
        "hubspot.calls-to-action",
        EMBEDS,
        '<img src="https://hubspot-no-cache-eu1-prod.s3.amazonaws.com/cta/default/12345/1.png">'
        '<noscript><img src="//hubspot-no-cache-na2-prod.s3.amazonaws.com/cta/default/12345/1.png"></noscript>',
        '<img data-consent="embeds" data-consent-kind="calls-to-action" '
        'data-consent-src="https://hubspot-no-cache-eu1-prod.s3.amazonaws.com/cta/default/12345/1.png">'
        '<noscript><img data-consent="embeds" data-consent-kind="calls-to-action" '
        'data-consent-src="//hubspot-no-cache-na2-prod.s3.amazonaws.com/cta/default/12345/1.png"></noscript>',
    )._replace(rules=("hubspot.calls-to-action",) * 2),
    "a call to action's picture by its size": _tag(
        "hubspot.calls-to-action",
        EMBEDS,
        '<img src="/x.gif" srcset="/a,b.png 1x,https://no-cache.hubspot.com/cta/default/1/1.png 2x">',
        '<img data-consent="embeds" data-consent-kind="calls-to-action" data-consent-src="/x.gif" '
        'data-consent-srcset="/a,b.png 1x,https://no-cache.hubspot.com/cta/default/1/1.png 2x">',
    ),
    "a call to action's picture by its size alone": _tag(
        "hubspot.calls-to-action",
        EMBEDS,
        '<img alt="" srcset=" //no-cache.hubspot.com/cta/default/1/1.png, /a.png 2x">',
        '<img data-consent="embeds" data-consent-kind="calls-to-action" alt="" '
        'data-consent-srcset=" //no-cache.hubspot.com/cta/default/1/1.png, /a.png 2x">',
    ),
    "a video": _tag(
        "hubspot.video",
        EMBEDS,
        '<iframe data-hsv-src="https://play.hubspotvideo.com/v/12345/id/1"></iframe>'
        '<script async data-cookieconsent="ignore" src="https://static.hsappstatic.net/video-embed/ex/loader.js">'
        "</script>",
        '<iframe data-hsv-src="https://play.hubspotvideo.com/v/12345/id/1"></iframe>'
        f'<{_V} async data-cookieconsent="ignore" '
        'data-consent-src="https://static.hsappstatic.net/video-embed/ex/loader.js"></script>',
    ),
    "a video in a plain frame": _tag(
        "hubspot.video",
        EMBEDS,
        '<iframe src="https://play.hubspotvideo.com/v/12345/id/1"></iframe>',
        '<iframe data-consent="embeds" data-consent-kind="video" '
        'data-consent-src="https://play.hubspotvideo.com/v/12345/id/1"></iframe>',
    ),
}

SAMPLES: dict[str, Sample] = {
    f"{group}: {name}": form
    for group, forms in {
        "loader": LOADERS,
        "delayed": DELAYED,
        "chat": CHATS,
        "inline": INLINE,
        "child": CHILDREN,
        "hint": HINTS,
        "pixel": PIXELS,
        "embed": EMBEDDED,
    }.items()
    for name, form in forms.items()
}

LOOK_ALIKES: dict[str, str] = {
    "a host that ends in another one": '<script src="https://js.hs-scripts.com.evil.example/12345.js"></script>',
    "a host that begins with another one": '<script src="https://myhs-scripts.com/12345.js"></script>',
    "a host as a folder": '<script src="/js.hs-scripts.com/12345.js"></script>',
    "a customer's host": '<script src="https://hubspot.example.com/12345.js"></script>',
    "HubSpot's library of scripts": '<script src="https://static.hsappstatic.net/jquery-libs/static-1.1/jquery.js"></script>',
    "the same, first party": '<script src="/hs/hsstatic/jquery-libs/static-1.1/jquery/jquery-1.7.1.js"></script>',
    "a site's own files at HubSpot": '<script src="https://cdn2.hubspot.net/hub/12345/hub_generated/main.js"></script>',
    "a module of HubSpot's content system": '<script src="https://www.example.com/hubfs/hub_generated/module_1.js"></script>',
    "a picture at HubSpot": '<img src="https://12345.fs1.hubspotusercontent-na1.net/hubfs/12345/a.png" '
    'srcset="https://cdn2.hubspot.net/hubfs/12345/a.png 2x">',
    "a picture whose address contains another": '<img srcset="/cdn/w_1,https://no-cache.hubspot.com/1.png 1x">',
    "a picture on hubspot.com": '<img src="https://www.hubspot.com/hubfs/logo.svg" alt="HubSpot">',
    "a site's own pictures at Amazon": '<img src="https://my-cta-eu1-prod.s3.amazonaws.com/cta/default/1.png">'
    '<img src="https://hubspot-no-cache-eu1-prod.s3.amazonaws.com/logo.png">'
    '<img src="https://hubspot-no-cache-prod.s3.amazonaws.com.evil.example/cta/default/1.png">',
    "a style sheet": '<link rel="stylesheet" href="//static.hubspot.com/final/css/common.css">',
    "a style sheet that a hint precedes": '<link rel="preload stylesheet" as="style" href="https://js.hubspot.com/a.css">',
    "a font fetched ahead": '<link rel="preload" as="font" href="https://static.hsappstatic.net/a.woff2" crossorigin>',
    "a favicon": '<link rel="shortcut icon" href="https://www.hubspot.com/favicon.ico">',
    "a canonical address": '<link rel="canonical" href="https://www.hubspot.com/x">',
    "links": '<a href="https://www.hubspot.com/?__hstc=1">HubSpot</a><a href="//share.hsforms.com/1abc">form</a>'
    '<a href="https://meetings.hubspot.com/anna">book</a>',
    "JSON for machines": '<script type="application/ld+json">{"url":"https://js.hs-scripts.com/12345.js"}</script>',
    "a program's state": '<script id="__NEXT_DATA__" type="application/json">{"src":"https://js.hs-scripts.com/1.js",'
    '"x":"createElement"}</script>',
    "a template in a script": '<script type="text/template"><tr><td>js.hs-scripts.com</td></tr></script>',
    "a picture for sharing": '<meta property="og:image" content="https://cdn2.hubspot.net/hubfs/12345/a.png">',
    "a policy that names the hosts": '<meta http-equiv="Content-Security-Policy" '
    'content="script-src js.hs-scripts.com\n  js.usemessages.com; frame-src app.hubspot.com">',
    "a style": "<style>.fa-hubspot:before{background:url(https://cdn2.hubspot.net/a.png)}</style>",
    "a comment": '<!-- <script src="//js.hs-scripts.com/12345.js"></script> -->',
    "a comment in a comment": '<!-- <!--[if lte IE 8]><script src="//js.hscta.net/cta/current.js"></script>'
    "<![endif]-->",
    "empty marks": "<!-- Start of HubSpot Embed Code --><!-- End of HubSpot Embed Code -->",
    "text": '<p>Put &lt;script src="//js.hs-scripts.com/12345.js"&gt; here, or ask js.hs-scripts.com</p>',
    "a field's message": '<input errormessage="see success.hubspot.com" value="<script src=//js.hs-scripts.com/1.js>">',
    "a list of robots": "<script>if(/bot|httrack|hubspot|ichiro/i.test(navigator.userAgent))document.createElement('p')"
    "</script>",
    "a list of hosts": '<script>var allowed=["js.hs-scripts.com","js.usemessages.com"];</script>',
    "addresses in a list, and nothing that loads": '<script>window.sources={hubspot:"https://js.hs-scripts.com/12345.js"}'
    "</script>",
    "an address beside what waits for the window": '<script>var u="https://js.hs-scripts.com/12345.js";'
    "$(window).load(function(){});video.load();var t=$('a').html();</script>",
    "a map of names": '<script type="importmap">{"imports":{"hs":"https://js.hs-scripts.com/12345.js"}}</script>',
    "a form of the site's own": "<script>f.onsubmit=()=>fetch('https://api.hsforms.com/submissions/v3/integration/submit/1/a');"
    "g.onsubmit=()=>fetch('https://api-eu1.hsforms.com/submissions/v3/integration/submit/1/a')</script>",
    "a comment in a script": "<script>// HubSpot (js.hs-scripts.com) was removed\n"
    "var s=document.createElement('p'); // no js.hs-scripts.com/12345.js\n/* nor\n * js.usemessages.com/x */</script>",
    "a call that is commented out": "<script>/* hbspt.forms.create({}) */\n// hbspt.cta.load(1)\n</script>",
    "a link that a script writes": '<script>a.innerHTML=\'<a class="b" href="https://meetings.hubspot.com/joe">book</a>\';'
    'b.innerHTML="<a href=\\"//share.hsforms.com/1\\">"</script>',
    "a list of what to leave out": "<script>Sentry.init({denyUrls:['x.example','js.hs-scripts.com', \"hsforms.net\"]});"
    "document.createElement('p')</script>",
    "data that Next.js streams": "<script>(self.__next_f=self.__next_f||[]).push([0])</script><script>"
    'self.__next_f.push([1,"createElement \\"https://js.hs-scripts.com/12345.js\\" \\u002D\\u0022]"])</script>',
    "the plugin's settings": '<script>var leadin_wordpress = {"userRole":"visitor","pageType":"home"};</script>',
    "the chat's settings": "<script>window.hsConversationsSettings={loadImmediately:false};"
    "window.hsConversationsOnReady=[function(){HubSpotConversations.widget.load()}]</script>",
    "the tracker's queue": '<script>var _hsq=window._hsq=window._hsq||[];_hsq.push(["setPath","/x"]);</script>',
    "variables of the content system": '<script>var hsVars={portal_id:12345,app_hs_base_url:"https://app.hubspot.com"}'
    "</script>",
    "a queue that makes the object itself": "<script>(function(){var hbspt=window.hbspt=window.hbspt||{};"
    "hbspt.forms=hbspt.forms||{};hbspt._q=[];hbspt.enqueueForm=function(d){if(hbspt.forms.create)"
    "{hbspt.forms.create(d)}else{hbspt._q.push(d)}}})()</script>",
    "a script that asks first": "<script>if(window.hbspt&&1){}if (window.hbspt) { hbspt.forms.create({}) }</script>",
    "a listener for a newer form": "<script>window.addEventListener('hs-form-event:on-ready',e=>{"
    'HubSpotFormsV4.getFormFromEvent(e).setFieldValue("0-1/plan","free")});</script>',
    "a listener and a call in one script": "<script>addEventListener('hs-form-event:on-submission:success',function(e){"
    "HubSpotFormsV4.getFormFromEvent(e)});HubSpotFormsV4.getForms();</script>",
    "a newer form that may not be there": "<script>if(window.HubSpotFormsV4){HubSpotFormsV4.getForms()}</script>"
    "<script>window.HubspotFormsV4&&HubspotFormsV4.getForms();window.HubSpotFormsV4?.getForms()</script>"
    "<script>if(typeof HubSpotFormsV4!=='undefined'){HubSpotFormsV4.getForms()}</script>",
    "a function that fills in a newer form": "<script>function fill(){HubSpotFormsV4.getForms()}</script>"
    "<script>var fill=async()=>{HubSpotFormsV4.getForms()};f.onclick=function(){HubSpotFormsV4.getForms()}</script>",
    "a newer form's name in a string": '<script>var t="HubSpotFormsV4.getForms()";'
    "// HubSpotFormsV4.getForms()\n</script>",
    "another object's form": "<script>MyHubSpotFormsV4.getForms();HubSpotFormsV4Copy.getForms()</script>",
    "pop-up calls to action once they are there": "<script>if(window.HubSpotCallsToActions)"
    "{HubSpotCallsToActions.refresh()}else{window.hsCallsToActionsReady=[()=>{HubSpotCallsToActions.refresh()}]}</script>"
    "<script>window.hsCallsToActionsReady=window.hsCallsToActionsReady||[];"
    "hsCallsToActionsReady.push(()=>{HubSpotCallsToActions.on('onCallToActionViewed',()=>{})})</script>",
    "blocked by another tool": (
        '<script type="text/plain" data-usercentrics="HubSpot" src="//js.hs-scripts.com/12345.js"></script>'
    ),
    "blocked by another tool, known by its type": '<script type="didomi/javascript" src="//js.hs-scripts.com/12345.js">'
    "</script>",
    "put off by the site itself": '<script type="text/javascript" async data-src="//js.hs-scripts.com/12345.js" '
    'class="site-deferred"></script>',
    "data beside an address": '<script type="application/json" src="//js.hs-scripts.com/12345.js"></script>',
    "a template's address": '<script type="text/x-template" data-src="//js.hs-scripts.com/12345.js"></script>',
    "blocked by another tool, without a type": '<script data-cookieconsent="marketing" '
    'data-src="//js.hs-scripts.com/12345.js"></script>',
    "blocked by another tool, known by its class": '<script type="text/plain" class="optanon-category-C0004" '
    'src="//js.hs-scripts.com/12345.js"></script>',
    "in a template": '<template><script src="//js.hs-scripts.com/12345.js"></script></template>',
    "a custom element without HubSpot": '<my-script src="https://www.example.com/12345.js"></my-script>',
    "another site's folder of that name": '<script src="/shs/scriptloader/12345.js"></script>',
    "another site's id": '<script id="cookieBanner" src="/banner.js"></script>',
    **{
        f"a script that sets up a consent platform: {text[:24]}": f"<script>{text}</script>"
        for text in (
            f"CookieConsent.run({{onAccept(){{{_MADE}}}}})",
            f"var cc = initCookieConsent();cc.run({{onAccept(){{{_MADE}}}}})",
            f"window.cookieconsent.initialise({{onStatusChange:function(){{{_MADE}}}}})",
            f"var klaroConfig = {{services:[{{callback:function(c){{if(c){{{_MADE}}}}}}}]}}",
            f"tarteaucitron.init({{}});tarteaucitron.services.hubspot={{js:function(){{{_MADE}}}}}",
            f"window.didomiConfig = {{}};window.didomiOnReady=[function(){{{_MADE}}}]",
            f"_iub.csConfiguration = {{callback:{{onConsentGiven:function(){{{_MADE}}}}}}}",
            f"function OptanonWrapper() {{if(OnetrustActiveGroups.includes('C0004')){{{_MADE}}}}}",
            f"window.OptanonWrapper = () => {{{_MADE}}}",
            f"function CookiebotCallback_OnAccept() {{if(Cookiebot.consent.marketing){{{_MADE}}}}}",
        )
    },
}
