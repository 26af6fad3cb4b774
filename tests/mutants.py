"""Breaks the package on purpose, one guard at a time, and sees that the tests notice: `python -m tests.mutants`.

A test that has never failed proves nothing. Each mutant here is one line of the package changed; the tests named beside
it must then fail. Exit status 1 when a mutant lives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


#: How long one mutant's tests may take, in seconds.
PATIENCE = 900


class Mutant(NamedTuple):
    """A line of a file of the package, what it becomes, and the tests that must see it."""

    file: str
    old: str
    new: str
    tests: str


LAWS = "tests/test_laws.py"
ACCOUNTS = "tests/security/test_accounts.py"
DOORS = "tests/conformance/test_doors.py"
MESSAGES = "tests/conformance/test_gateway_messages.py"
SECURITY = "tests/conformance/test_gateway_security.py"
SOURCES = "tests/sources"
STATES = "tests/browser/test_facade_states.py"
RELEASE = "tests/browser/test_release.py"
EMBEDS = "tests/browser/test_embeds.py"
GUARD = "tests/browser/test_guard.py"
HOSTILE = "tests/browser/test_hostile.py"
CORE = "facade/assets/facade.js"
ATTACKS = "tests/security/browser"
MORE = f"{ATTACKS}/test_nothing_more.py"
BASES = f"{ATTACKS}/test_base.py"
POLLUTED = f"{ATTACKS}/test_other_code.py"
MARKUP = f"{ATTACKS}/test_guard_markup.py"
LIST = "tests/security/test_held_list.py"
SCRIPT_MUTANTS = [
    Mutant(CORE, "counted.has(element) && element.nonce === nonce", "counted.has(element)", f"{RELEASE}::TestWhatIsNotReleased"),
    Mutant(CORE, "counted.has(element) && element.nonce === nonce", "element.nonce === nonce", f"{MORE} -k all_samples"),
    Mutant(CORE, "if (texts.length <= given.texts) texts", "texts", f"{MORE} -k all_samples"),
    Mutant(CORE, ": admitted.get(nameOf(element));", ": document.baseURI;", f"{MORE} -k all_samples"),
    Mutant(CORE, 'kept(element, "by") === token', 'kept(element, "by")', f"{MARKUP} -k earlier_page"),
    Mutant(CORE, "isScript(element) ? /^data-/ : /^data-consent/", "/^data-consent/", f"{MORE} -k says_more"),
    Mutant(CORE, "at >= given.based ? document.baseURI : page()", "document.baseURI", f"{BASES} -k held_path"),
    Mutant(CORE, "at >= given.based ? document.baseURI : page()", "page()", f"{BASES} -k held_path"),
    Mutant(CORE, 'new URL(own.getAttribute("src"), page())', "own.src", f"{BASES} -k stay_at_home"),
    Mutant(CORE, "      return open(location);\n", "", f"{ATTACKS}/test_frames.py"),
    Mutant(CORE, "{ __proto__: null, ...JSON.parse(said) }", "JSON.parse(said)", POLLUTED),
    Mutant(CORE, "const clicked = { __proto__: null };", "const clicked = {};", POLLUTED),
    Mutant(CORE, "due = { __proto__: null, ...conf.live }.chat;", "due = conf.live.chat;", POLLUTED),
    Mutant(CORE, 'script.getAttribute("data-conf")', "script.dataset.conf", POLLUTED),
    Mutant(CORE, 'own.getAttribute("data-guard")', "own.dataset.guard", POLLUTED),
    Mutant(CORE, "for (const [name, value] of Object.entries(conf.attrs)) script.setAttribute(name, value);", "for (const name in conf.attrs) script.setAttribute(name, conf.attrs[name]);", POLLUTED),
    Mutant(CORE, 'if (element instanceof HTMLFormElement) continue;', "", f"{MARKUP} -k fields"),
    Mutant(CORE, "found = seek.call(node, ", "found = node.querySelectorAll(", f"{MARKUP} -k fields"),
    Mutant(CORE, '[data-consent]:not(form)', "[data-consent]", f"{MORE} -k all_samples"),
    Mutant(CORE, "(?:=[^\\s/>=]*|[^\\s/>=]+)", "(?:[^\\s/>=]+)", f"{MARKUP} -k spelt"),
    Mutant(CORE, "if (!purpose) return pair;", "return pair;", f"{GUARD} -k markup"),
    Mutant(CORE, 'nonce && element === "script" ? "" : ', "", f"{GUARD} -k without_the_nonce"),
    Mutant(CORE, '[...element.content.children].forEach(scan);', ";", f"{GUARD} -k template"),
    Mutant(CORE, "if (own || element.nonce === nonce) element", "element", f"{GUARD} -k admits"),
    Mutant(CORE, '(address && all("script").some((other) => other.src === address && other.nonce === element.nonce))', "false", f"{RELEASE}::TestRelease"),
    Mutant(CORE, " && other.nonce === element.nonce", "", f"{MORE} -k all_samples"),
    Mutant("holds.py", 'text=released and has_text', "text=has_text", LIST),
    Mutant("holds.py", "mark=_mark(tag, rule.purpose, rule.kind, edits) if released and not has_text else ()", "mark=_mark(tag, rule.purpose, rule.kind, edits)", LIST),
    Mutant("mime.py", "if HTML in loose:", "if False:", "tests/security/test_content_types.py"),
    Mutant("mime.py", 'if named is None or named.essence == b"*/*":', "if named is None:", "tests/security/test_content_types.py"),
    Mutant("exchange.py", "return None if kind.shown and not wants_document(self._fields) else kind", "return kind", "tests/security/test_content_types.py"),
    Mutant("html/rewriter.py", "if at >= 0 and not self._reader.tokens.withholding:", "if False:", "tests/security/test_encodings.py"),
    Mutant("html/subset.py", "if _ACTIVE.search(entity[3]) and self._give_up():", "if False:", "tests/security/test_xml.py"),
    Mutant(CORE, '(event.isTrusted || navigator.userActivation?.isActive)', "true", f"{STATES}::TestClick"),
    Mutant(CORE, 'box.dataset.state === "loading" || ', "", f"{STATES}::TestClick"),
    Mutant(CORE, 'if (next === "ready" && place.matches(":focus-within"))', "if (next === 'ready')", f"{STATES}::TestFocus"),
    Mutant(CORE, "setTimeout(end, 8000)", "setTimeout(end, 80000)", f"{STATES}::TestFailure"),
    Mutant(CORE, "if (navigator.onLine) load(end, setTimeout(end, 8000));\n    else end();", "load(end, setTimeout(end, 8000));", f"{STATES}::TestGranted"),
    Mutant(CORE, 'if (quiet) return show(came ? "ready" : "idle", "");', "", f"{STATES}::TestGranted"),
    Mutant(CORE, "    script?.remove();\n", "", f"{STATES}::TestFailure"),
    Mutant(CORE, 'remember("=1");', "", f"{STATES}::TestCookies"),
    Mutant(CORE, '(/^https/.test(location) ? ";Secure" : "")', '""', f"{STATES}::TestCookies"),
    Mutant(CORE, "(script = alive(conf.attrs.id))", "(script = null)", f"{STATES}::TestSettingsOfTheSite"),
    Mutant(CORE, "script.nonce = nonce;", "", f"{STATES}::TestContentSecurityPolicy"),
    Mutant(CORE, "if (host) place.replaceWith(host);", "if (host) host = null;", f"{STATES}::TestSwaps"),
    Mutant(CORE, "own instanceof HTMLScriptElement", "own", f"{STATES}::TestContentSecurityPolicy"),
    Mutant(CORE, 'isScript(element) ? [kept(element, "src") ? "src" : "href", "type", "id"] : ["src", "srcset", "href"]', '["src", "srcset", "href", "type", "id"]', f"{RELEASE}::TestWhatIsNotReleased"),
    Mutant(CORE, '[kept(element, "src") ? "src" : "href", "type", "id"]', '["src", "href", "type", "id"]', f"{HOSTILE} -k beside"),
    Mutant(CORE, "window.trustedTypes?.isHTML(text) ?", 'typeof text != "string" ?', f"{HOSTILE} -k no_policy_trusts"),
    Mutant(CORE, "id && document.getElementById(id)", "document.getElementById(id)", f"{HOSTILE} -k called_null"),
    Mutant(CORE, "    if (now.chat == null) throw now;\n", "", f"{HOSTILE} -k answer_that_was_none"),
    Mutant(CORE, "  } catch {\n    seen = 0;\n  }", "  } catch {}", f"{HOSTILE} -k asked_for_again"),
    Mutant(CORE, "if (asking) return (seen = 0);", "", f"{HOSTILE} -k floods"),
    Mutant(CORE, "const veiled = read.replace(", "const veiled = (text ?? \"null\").replace(", f"{HOSTILE} -k take_and_give"),
    Mutant(CORE, '|| shows || freed', "|| freed", f"{HOSTILE} -k content_from"),
    Mutant(CORE, ' || freed.has(element)', "", f"{HOSTILE} -k consent_brings"),
    Mutant(CORE, "isScript(element) && !caught.delete(element)", "isScript(element)", f"{HOSTILE} -k module"),
    Mutant(CORE, '.replace(/&amp;/g, "&")', "", f"{HOSTILE} -k reference"),
    Mutant(CORE, '(name + "").toLowerCase()', "name", f"{HOSTILE} -k this_way"),
    Mutant(CORE, "ShadowRoot, Range]", "Range]", f"{HOSTILE} -k this_way"),
    Mutant(CORE, "setAttribute setAttributeNS", "setAttribute", f"{HOSTILE} -k this_way"),
    Mutant(CORE, "if (!EMBEDS || !patient) setTimeout(resolve, 5000, element);", "", f"{HOSTILE} -k for_a_while"),
    Mutant(CORE, "  }).catch(() => {});", "  });", f"{HOSTILE} -k left_for_the_chat"),
    Mutant(CORE, "  BOX = box;\n  driver = itsDriver;\n", "", f"{HOSTILE} -k own_vendor"),
    Mutant("facade/assets/embeds.js", "() => end()", "() => settle()", f"{HOSTILE} -k does_not_fail_the_chat"),
    Mutant("vendors/hubspot.js", "    } catch {\n", "    } catch (error) {\n      throw error;\n", f"{HOSTILE} -k puts_together"),
    Mutant("holds.py", "embeds = guarded or any(", "embeds = any(", "tests/test_holds.py"),
    Mutant("holds.py", 'if attribute.name == b"type" and not (_runs(tag) or _speculates(tag)):', "if False:", "tests/test_forms.py"),
    Mutant(CORE, 'external && element.defer) ? 2 : 1', 'external && element.defer) ? 1 : 1', f"{RELEASE}::TestRelease"),
    Mutant(CORE, 'if (external && element.hasAttribute("async")) return 0;', "", f"{RELEASE}::TestRelease"),
    Mutant(CORE, 'alive(kept(element, "id")) ||\n      ', "", f"{RELEASE}::TestRelease"),
    Mutant(CORE, "if (sight() !== seen) ask();", "", f"{RELEASE}::TestAsking"),
    Mutant(CORE, "Object.assign(live, conf.live);", "live.chat ||= conf.live.chat;", f"{RELEASE}::TestWithdrawal"),
    Mutant(CORE, "if (before[purpose] && !now[purpose]) end();", "if (false) end();", f"{RELEASE}::TestWithdrawal"),
    Mutant(CORE, "if (Date.now() - sessionStorage.consentEnd < 1e4) return;", "", f"{RELEASE}::TestWithdrawal"),
    Mutant(CORE, "!clicked[purpose] && purpose;", "purpose;", f"{GUARD} -k click_brings"),
    Mutant(CORE, " createContextualFragment\"", '"', f"{GUARD} -k contextual"),
    Mutant(CORE, 'element.id = "";', "", f"{GUARD} -k keeps_its_id"),
    Mutant(CORE, 'window.trustedTypes?.isHTML(text) ? trust("HTML", veiled) : veiled', "veiled", f"{GUARD} -k trusted_markup"),
    Mutant(CORE, 'window.trustedTypes?.isHTML(text) ? trust("HTML", veiled) : veiled', 'trust("HTML", veiled)', f"{GUARD} -k trusted_markup"),
    Mutant(CORE, '"write writeln ', '"write ', f"{GUARD} -k writes"),
    Mutant(CORE, "innerHTML outerHTML insertAdjacentHTML", "innerHTML outerHTML", f"{GUARD} -k markup"),
    Mutant(CORE, "innerHTML outerHTML insertAdjacentHTML", "innerHTML insertAdjacentHTML", f"{GUARD} -k markup"),
    Mutant(CORE, "if (isLive(element)) release();", "", f"{GUARD} -k comes_into_the_page_later"),
    Mutant("facade/assets/embeds.js", "if (!SITE[kind] || places.get(spot)?.isConnected) return;", "if (!SITE[kind]) return;", EMBEDS),
    Mutant("facade/assets/embeds.js", 'spot.style.display = "none";', "", EMBEDS),
    Mutant("facade/assets/embeds.js", "if (which !== kind) return;", "", EMBEDS),
    Mutant("vendors/hubspot.js", 'if (script.closest(".hs-cta-wrapper")?.querySelector("a[href]")) return;', "", EMBEDS),
    Mutant("vendors/hubspot.js", "      driver.restore();\n", "", f"{STATES}::TestSettingsOfTheSite"),
    Mutant("vendors/hubspot.js", "detail?.messageWillRender === false && fail()", "{}", f"{RELEASE}::TestNoChat"),
    Mutant("vendors/hubspot.js", 'window._hsp?.push(["revokeCookieConsent"]);', "", f"{RELEASE}::TestWithdrawal"),
]  # fmt: skip
MUTANTS = [
    Mutant("holds.py", "runs = not is_stopped and self._may_run(tag, src)", "runs = not is_stopped", LIST),
    Mutant("holds.py", "        if tag.name in _NO_SCRIPTS:\n            return False\n", "", LIST),
    Mutant("holds.py", "and self.policy.serves(chat.src):", "and True:", LIST),
    Mutant("holds.py", "if found.rule.chat is None or not self.offers_chat:", "if found.rule.chat is None:", "tests/test_holds.py"),
    Mutant("holds.py", "self.policy.offers_account(chat.account) and", "True and", "tests/test_holds.py"),
    Mutant("holds.py", "max(known, key=lambda chat: chat.own, default=None)", "next(iter(known), None)", "tests/test_holds.py"),
    Mutant("holds.py", "held.is_script and self._page_nonce is None and held.nonce != self._nonce", "False", LIST),
    Mutant("holds.py", "if self._page_nonce is not None or chat.nonce == nonce", "if True", LIST),
    Mutant("holds.py", "self._is_led_away |= href is not None", "self._is_led_away = href is not None", LIST),
    Mutant("holds.py", "(base is None or bool(base.host or base.scheme))", "(base is not None and bool(base.host))", LIST),
    Mutant("holds.py", "            return None\n        return f\"//{self.authority}{path}\"", "            return path\n        return f\"//{self.authority}{path}\"", LIST),
    Mutant("holds.py", "marks.setdefault(held.mark, held.base)", "marks[held.mark] = held.base", LIST),
    Mutant("holds.py", "if more and len(marks) + texts == told:", "if False:", LIST),
    Mutant("html/rewriter.py", "            self._tailed = self._depth > 0\n            yield", "            yield", LIST),
    Mutant("html/rewriter.py", '{b"script", b"base"}', '{b"script"}', LIST),
    Mutant("endpoint.py", "if not _is_path(mount):", "if False:", "tests/security/test_mounts.py"),
    Mutant("vendors/hubspot.py", "not _PORTAL.fullmatch(portal) or ", "", "tests/test_hubspot.py"),
    Mutant("vendors/hubspot.py", " or not _HUBLET.fullmatch(region)", "", LIST),
    Mutant("vendors/hubspot.py", "return ChatScript(usual.src, tuple", "return ChatScript(recognition.src, tuple", LIST),
    Mutant("vendors/hubspot.py", "frozenset() if is_copy else _HOW_FETCHED", "_HOW_FETCHED", LIST),
    Mutant("csp.py", "    if script.nonce in nonces:\n        return True\n", "", "tests/security/test_page_policy.py"),
    Mutant("csp.py", "wanted and wanted <= hashes", "wanted & hashes", "tests/security/test_page_policy.py"),
    Mutant("csp.py", "\"'strict-dynamic'\" not in words and any", "any", "tests/security/test_page_policy.py"),
    Mutant("consent.py", "(state is State.DENIED and before is State.GRANTED)", "False", "tests/test_consent.py"),
    Mutant("consent.py", "bases[category] = own.get(category, whole)", "bases[category] = Basis.EXPLICIT", "tests/test_consent.py"),
    Mutant("consent.py", "self.state(category) is State.DENIED and self.basis_of(category) is not Basis.IMPLIED", "self.state(category) is State.DENIED", "tests/test_policy.py"),
    Mutant("consent.py", "return self.state(category) is State.GRANTED", "return self.state(category) is not State.DENIED", "tests/test_policy.py"),
    Mutant("cookies.py", "deletes=expires_deletes if max_age_deletes is None else max_age_deletes", "deletes=expires_deletes", "tests/test_cookies.py"),
    Mutant("cookies.py", 'self._pairs.setdefault(name.strip(_WSP), []).append', 'self._pairs.setdefault(name.strip(_WSP), []).__setitem__(slice(None), []) or self._pairs[name.strip(_WSP)].append', "tests/test_cookies.py"),
    Mutant("sources/own.py", "if not listed <= _CATEGORIES:", "if not listed & _CATEGORIES:", "tests/test_own_cookie.py"),
    Mutant("sources/own.py", "_denials(_read(value, name))", "_read(value, name)", "tests/test_own_cookie.py"),
    Mutant("cookies.py", "for index, behind in enumerate(_BEHIND_COMMA.finditer(part)):", "for index, behind in enumerate(()):", "tests/test_cookies.py"),
    Mutant("policy.py", "missing = [category for category in required if not consent.grants(category)]", "missing = [category for category in required[:1] if not consent.grants(category)]", "tests/test_policy.py"),
    Mutant("policy.py", "any(plan.consent.refuses(category) for", "any(not plan.consent.grants(category) for", "tests/test_policy.py"),
    Mutant("policy.py", "if consent.state(category) is State.UNKNOWN]", "if True]", "tests/test_policy.py"),
    Mutant("policy.py", "if reading.only_denies and not self.tcf_grants:", "if False:", "tests/sources/test_tcf.py"),
    Mutant("policy.py", "if reading.basis is Basis.IMPLIED and regime is Regime.OPT_IN:", "if False:", "tests/test_policy.py"),
    Mutant("policy.py", 'rules.append(("implied", (State.DENIED,)))', 'rules.append(("implied", (State.GRANTED, State.DENIED)))', "tests/test_policy.py"),
    Mutant("policy.py", "lapsed = (State.DENIED,) if regime is Regime.OPT_OUT else ()", "lapsed = ()", "tests/test_policy.py"),
    Mutant("policy.py", "if wanted is not None and reading.revision != wanted:", "if False:", "tests/test_policy.py"),
    Mutant("policy.py", "return Regime.OPT_IN if said is None else Regime(said)", "return Regime.OPT_OUT if said is None else Regime(said)", "tests/test_policy.py"),
    Mutant("policy.py", "key = (regime, self._digest(signals))", "key = (Regime.OPT_IN, self._digest(signals))", "tests/test_policy.py"),
    Mutant("policy.py", 'digest.update(b"%d:%b" % (len(header), header))', "digest.update(header)", "tests/test_policy.py"),
    Mutant("policy.py", 'digest.update(b"%b=%d:%b" % (name, len(value), value))', "pass", "tests/test_policy.py"),
    Mutant("policy.py", "if len(self) >= _KEPT_PLANS or weight > self._left:", "if weight > self._left:", "tests/test_policy.py"),
    Mutant("policy.py", "not self.sources and self.max_age_days is None", "True", "tests/test_policy.py"),
    Mutant("policy.py", "any(map(consent.refuses, self.requires[Purpose.CHAT]))", "True", "tests/test_policy.py"),
    Mutant("policy.py", 'Action.FACADE: "0", Action.BLOCK: "-"', 'Action.FACADE: "0", Action.BLOCK: "0"', "tests/test_policy.py"),
    Mutant("policy.py", "(refused or not self.embeds_click)", "refused", "tests/test_policy.py"),
    Mutant("policy.py", "(refused or not self.embeds_click)", "not self.embeds_click", "tests/test_policy.py"),
    Mutant("policy.py", "return self._chat_accounts is None or account in self._chat_accounts", "return True", "tests/test_holds.py"),
    Mutant("checks.py", "elif key in _MAPPABLE:", "elif True:", "tests/test_policy.py"),
    Mutant("sources/platform.py", "if not granted:\n                states[category] = State.DENIED", "if not granted:\n                states.setdefault(category, State.DENIED)", SOURCES),
    Mutant("sources/platform.py", "if text.count(\"{\") + text.count(\"[\") > MAX_BRACKETS:", "if False:", "tests/sources/test_reader.py"),
    Mutant("sources/platform.py", "for _ in range(2):", "for _ in range(1):", "tests/sources/test_reader.py"),
    Mutant("sources/platform.py", "if not 1e8 <= value < 1e14:", "if False:", "tests/sources/test_cookiefirst.py"),
    Mutant("sources/reader.py", "if len(value) <= MAX_VALUE", "if True", "tests/sources/test_reader.py"),
    Mutant("sources/reader.py", "refused = [reading.only(State.DENIED) for", "refused = [reading for", "tests/sources/test_reader.py"),
    Mutant("sources/reader.py", "and pattern.fullmatch(name.decode(\"ascii\"))", "", SOURCES),
    Mutant("sources/reader.py", "            except Exception as error:\n", "            except ZeroDivisionError as error:\n", "tests/sources/test_reader.py"),
    Mutant("sources/hubspot_banner.py", 'elif value == "no" and not readable:', 'elif value == "no":', "tests/sources/test_hubspot_banner.py"),
    Mutant("sources/onetrust.py", 'bool(closed) and ("interactionCount", "0") not in fields', "bool(closed)", "tests/sources/test_onetrust.py"),
    Mutant("sources/onetrust.py", 'if ("AwaitingReconsent", "true") in fields:', "if False:", "tests/sources/test_onetrust.py"),
    Mutant("sources/onetrust.py", '(?:^|&)(groups', '(groups', "tests/sources/test_onetrust.py"),
    Mutant("sources/onetrust.py", ':([01])(?=,|$)")', ':([01])")', "tests/sources/test_onetrust.py"),
    Mutant("sources/cookiebot.py", 'tokens.get("method") == "explicit" and', "", "tests/sources/test_cookiebot.py"),
    Mutant("sources/cookiebot.py", 'return tokens if isinstance(tokens.get("necessary"), bool) else None', "return tokens", "tests/sources/test_cookiebot.py"),
    Mutant("sources/cookieyes.py", 'skipped = "performance" if "analytics" in pairs else ""', 'skipped = ""', "tests/sources/test_cookieyes.py"),
    Mutant("sources/orestbida.py", 'return "v2" if isinstance(found.get("level"), list) else ""', 'return "v2"', "tests/sources/test_orestbida_v2.py tests/sources/test_orestbida_v3.py"),
    Mutant("sources/tcf.py", "if string is None or not string.is_service_specific or string.policy_version < 4:", "if string is None:", "tests/sources/test_tcf.py"),
    Mutant("sources/tcf.py", "if field(151 + number, 1)", "if field(150 + number, 1)", "tests/sources/test_tcf.py"),
    Mutant("sources/tcf.py", "[A-Za-z0-9_-]{39,}", "[A-Za-z0-9_-]{20,}", "tests/sources/test_tcf.py"),
    Mutant("sources/tcf.py", "if string.purposes >= set(needed) else", "if not needed or string.purposes & set(needed) else", "tests/sources/test_tcf.py"),
    Mutant("sources/gpp.py", "if applicable and number not in applicable:", "if False:", "tests/sources/test_gpp.py"),
    Mutant("sources/gpp.py", "if ends[-1] - ends[0] > _MOST_SECTIONS or len(ids) > _MOST_SECTIONS:", "if False:", "tests/sources/test_gpp.py"),
    Mutant("sources/gpp.py", 'only_denies=True)', ')', "tests/sources/test_gpp.py"),
    Mutant("sources/us_privacy.py", 'return match is not None and match[1] in "Yy"', "return match is not None", "tests/sources/test_us_privacy.py"),
    Mutant("sources/gpc.py", 'part.strip(" \\t") == "1"', '"1" in part', "tests/sources/test_header_signals.py"),
    Mutant("sources/trustarc.py", 'if 3 in levels and "3" not in ids:', "if False:", "tests/sources/test_trustarc.py"),
    Mutant("sources/klaro.py", "len(services := flags_of(found)) == len(found)", "(services := flags_of(found)) is not None", "tests/sources/test_klaro.py"),
    Mutant("sources/axeptio.py", 'found.get("$$completed") is True', "True", "tests/sources/test_axeptio.py"),
    Mutant("sources/django_cookie_consent.py", "if groups and len(groups) >= len(parts) - 1:", "if groups:", "tests/sources/test_django_cookie_consent.py"),
    Mutant("sources/insites.py", "basis=Basis.EXPLICIT if states else Basis.IMPLIED", "basis=Basis.EXPLICIT", "tests/sources/test_insites.py"),
    Mutant("sources/drupal.py", "{} if ids else every(State.GRANTED)", "every(State.GRANTED)", "tests/sources/test_laws.py"),
    Mutant("sources/c15t.py", 'if word == "0":', "if False:", "tests/sources/test_c15t.py"),
    Mutant("sources/reader.py", "if len(named) < MAX_NAMES:", "if True:", "tests/sources/test_reader.py"),
    Mutant("sources/reader.py", "if platform.mappable else {}", "", "tests/sources/test_reader.py"),
    Mutant("holds.py", "if self._chat_loads or self.plan.decisions[Purpose.CHAT].action is Action.BLOCK:", "if self._chat_loads:", "tests/test_decision_in_apps.py"),
    Mutant("exchange.py", '(b"Cookie", *self._policy.vary)', '(b"Cookie",)', "tests/test_decision_in_apps.py"),
    Mutant("sources/shopify.py", "yield reading(\"shopify\", name, default, basis=Basis.IMPLIED)", "yield reading(\"shopify\", name, default)", "tests/sources/test_shopify.py"),
    Mutant("explain.py", "literal = plan.literal\n    return {", "literal = plan.consent\n    return {", "tests/test_explain.py"),
    Mutant("policy.py", "required = [(purpose, sorted(categories))", "required = [(purpose, categories)", "tests/test_policy.py"),
    Mutant("holds.py", "if self.plan.allows(rule.purpose):", "if not self.plan.allows(rule.purpose) and False:", LAWS),
    Mutant("holds.py", "if not (_runs(tag) or _is_delayed(tag)):", "if False:", "tests/test_forms.py"),
    Mutant("holds.py", "if not (_runs(tag) or _is_delayed(tag)):", "if not _runs(tag):", "tests/test_forms.py"),
    Mutant("holds.py", "found = None if tag.text is None else", "found = None if True else", "tests/test_forms.py"),
    Mutant("holds.py", "return _runs(tag) or (_is_delayed(tag) and all(", "return _runs(tag) or (False and all(", "tests/test_forms.py"),
    Mutant("holds.py", "not _is_delayed(tag) and _is_claimed(tag)", "False", "tests/test_holds.py"),
    Mutant("holds.py", "return named or _CLAIMED_CLASS", "return named and _CLAIMED_CLASS", "tests/test_holds.py"),
    Mutant("holds.py", 'b"src", b"type", b"id", b"href"', 'b"src", b"type", b"href"', "tests/test_holds.py"),
    Mutant("holds.py", '_OTHER_NAMES if address == b"src" else frozenset({address})', "_OTHER_NAMES | {address}", "tests/test_forms.py"),
    Mutant("holds.py", "or not self.offers_chat or", "or", "tests/test_holds.py"),
    Mutant("holds.py", "or (tag.text is not None and found.text is None)", "", ACCOUNTS),
    Mutant("holds.py", "if self.policy.names_accounts:", "if False:", ACCOUNTS),
    Mutant("holds.py", "if tag.name != b\"script\" and tag.name not in self.policy.own_elements:", "if False:", ACCOUNTS),
    Mutant("holds.py", "return found.is_vendors or tag.text is not None or", "return True or", ACCOUNTS),
    Mutant("holds.py", "if chat.account != first:", "if False:", ACCOUNTS),
    Mutant("rules.py", "if script.flow is not None and _asks_for_consent(script.code):", "if False:", "tests/test_forms.py"),
    Mutant("rules.py", "_asks_for_consent(script.code)", "_asks_for_consent(script.text)", ACCOUNTS),
    Mutant("rules.py", "found = self.says.search(script.addresses)", "found = self.says.search(script.text)", ACCOUNTS),
    Mutant("rules.py", " or (self.besides and not self.besides.search(script.addresses))", "", "tests/test_forms.py"),
    Mutant("rules.py", "excused = script.flow is not None and", "excused = ", ACCOUNTS),
    Mutant("rules.py", "excused = script.flow is not None and self.unless is not None and", "excused = False and self.unless and", "tests/test_forms.py"),
    Mutant("scripts/snippets.py", "if not is_known and not (handed[index]", "if False and not (handed[index]", ACCOUNTS),
    Mutant("scripts/snippets.py", "elif token.kind is Kind.REGEX:", "elif False:", ACCOUNTS),
    Mutant("scripts/snippets.py", "elif not handed[index] and not _is_plain_word(token.value, vocabulary):", "elif False:", ACCOUNTS),
    Mutant("scripts/snippets.py", "if not all(_is_vendors(word, vocabulary)", "if False and not all(_is_vendors(word, vocabulary)", ACCOUNTS),
    Mutant("scripts/loads.py", "return None if in_query else mode", "return mode", ACCOUNTS),
    Mutant("scripts/loads.py", "if Mode.ADDRESS in modes and not before.in_query:", "if Mode.ADDRESS in modes:", ACCOUNTS),
    Mutant("scripts/loads.py", "Place.INERT: None,", "Place.INERT: Mode.PIECES,", "tests/scripts"),
    Mutant("scripts/loads.py", "elif len(name) <= 1 or LOADING_NAME.search(name):", "elif True:", ACCOUNTS),
    Mutant("scripts/loads.py", "if not known.get(call.key if call.key is not None else -1):", "if True:", "tests/scripts"),
    Mutant("scripts/loads.py", "        if region.is_part:\n            return False\n", "", "tests/scripts"),
    Mutant("scripts/structure.py", "if name in self.functions[scope].declared:", "if False:", ACCOUNTS),
    Mutant("scripts/tokens.py", 'elif value in {"/", "/="} and not self._is_operand_behind():', "elif False:", "tests/scripts"),
    Mutant("scripts/tokens.py", "self.uncertain |= len(value) < 2 or value[-1] != value[0]", "pass", "tests/scripts"),
    Mutant("scripts/markup.py", 'if attribute.endswith("href") and tag in _LINKS:', "if False:", "tests/scripts"),
    Mutant("holds.py", "text=text_of(tag.text, tag.encoding)", "text=tag.text.decode(\"latin-1\")", ACCOUNTS),
    Mutant("vendors/hubspot.py", "if len(portals) != 1 or len(regions) > 1:", "if not portals:", ACCOUNTS),
    Mutant("holds.py", ' or destination.lower() in _CONTENT:', ":", "tests/test_forms.py"),
    Mutant("holds.py", "        if found is not None:\n            return found.rule.purpose\n", "", "tests/test_holds.py"),
    Mutant("rules.py", "if match or (self.path is None and index == 0):", "if match or self.path is None:", "tests/test_hubspot.py"),
    Mutant("holds.py", 'or not self.plan.touches_html:', ":", "tests/test_holds.py"),
    Mutant("holds.py", 'self.nonce = self.nonce or tag.get(b"nonce")\n        markup', "markup", "tests/test_holds.py"),
    Mutant("holds.py", '        if tag.get(b"data-guard") is not None:\n            self._guarded.add(tag.nested)\n            return ()\n', "", "tests/test_holds.py"),
    Mutant("html/rewriter.py", "return self._reader.edited or self.bail_outs > 0", "return bool(self._reader.watch.held) or self.bail_outs > 0", DOORS),
    Mutant("holds.py", "(tag.get(b\"srcset\") or \"\")", "\"\"", "tests/test_forms.py"),
    Mutant("rules.py", 'host = f"{named[1]}.{host[named.end() :]}"', "pass", "tests/test_hubspot.py"),
    Mutant("rules.py", 'return None if above and above[-1] != "." else', "return", "tests/test_hubspot.py"),
    Mutant("rules.py", "if not above.startswith(self.label):", "if False:", "tests/test_hubspot.py"),
    Mutant("rules.py", "if not any(host.endswith(self._endings) for host in sight.hosts):", "if True:", "tests/test_hubspot.py"),
    Mutant("html/gate.py", 'tags = tags.translate(None, b"\\t\\n\\r")', "pass", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "            or HIDDEN.search(tags)\n", "", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "or AUTHORITY.search(tags)", "", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", 'hits.add(scripts, _finder(b"<"))', "pass", "tests/html/test_rewriter.py tests/html/test_laws.py"),
    Mutant("html/gate.py", 'hits.add(few, _finder(b"<"))', "pass", "tests/html/test_rewriter.py tests/html/test_laws.py"),
    Mutant("html/gate.py", 'hits.add(many, _finder(b"<"))', "pass", "tests/html/test_rewriter.py tests/html/test_laws.py"),
    Mutant("html/gate.py", 'hits.add(few.lower(), _finder(b"srcdoc"))', "pass", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", 'if group[2][:1] in {b"b", b"B"})', "if False)", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "if hits.numbers or opens or not alone:", "if not alone:", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "number for number, group in enumerate(groups) if _may_go_on(group[1]))", "())", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "opens = self._is_opened(texts, encoding) or any(", "opens = self._is_opened(texts, encoding) or False and any(", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "opens = self._is_opened(texts, encoding) or any(", "opens = any(", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", 'tag.endswith(b">") and b"<" not in tag[1:]', 'b"<" not in tag[1:]', "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "if opens or self._xml or len(hits.numbers) > SEARCHES:", "if opens or len(hits.numbers) > SEARCHES:", "tests/html"),
    Mutant("html/gate.py", 'number += joined.count(b"\\0", begin, at)', "number += 1", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "            self.numbers.update(range(self._count))\n", "            pass\n", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "at = source.find(whole, at + 1)", "at = -1", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "if hidden.start() >= found.end():", "if True:", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "if (said := unspelt(texts)) != texts:", "if (said := texts) != texts:", "tests/test_forms.py"),
    Mutant("html/gate.py", "or self.text_needles.search(unspelt(text))", "", "tests/test_forms.py"),
    Mutant("html/tokens.py", "            self._lose()\n            self._pop_html(name, at)", "            pass", "tests/html/test_rewriter.py"),
    Mutant("html/tokens.py", "            self._ahead, self._looked = (0, 0), 0\n        self.start = self.pos", "            pass\n        self.start = self.pos", "tests/html/test_rewriter.py tests/test_corpus.py"),
    Mutant("html/tokens.py", "if 0 <= end <= self.start + limit:", "if 0 <= end:", "tests/html/test_rewriter.py"),
    Mutant("html/tokens.py", "<= limit + len(\"</script\"):", "<= limit:", "tests/html/test_rewriter.py"),
    Mutant("html/tokens.py", "return None if event[1:2] == b\"/\" else (found.end(), 2)", "return None if event[1:2] == b\"/\" else (found.end(), 1)", "tests/html/test_rewriter.py tests/html/test_conformance.py"),
    Mutant("holds.py", "if self._chat_loads or self.plan.decisions[Purpose.CHAT].action is Action.BLOCK:", "if self.plan.decisions[Purpose.CHAT].action is Action.BLOCK:", "tests/test_holds.py"),
    Mutant("holds.py", 'if not types & _HINTS or "stylesheet" in types or', "if not types & _HINTS or", "tests/test_holds.py"),
    Mutant("rules.py", "(?:-(?P<region>[a-z]{2}[0-9]{1,2}))?", "(?:-(?P<region>.+))?", "tests/test_hubspot.py"),
    Mutant("rules.py", 'host = host.partition(".")[2]', 'host = ""', "tests/test_hubspot.py"),
    Mutant("headers.py", "return cookie.name in withheld and not cookie.deletes", "return cookie.name in withheld", DOORS),
    Mutant("headers.py", "return cookie.name in withheld and not cookie.deletes", "return any(name in line for name in withheld) and not cookie.deletes", DOORS),
    Mutant("headers.py", "    return add_vary(headers, *vary)\n", "    return headers\n", DOORS),
    Mutant("headers.py", "elif document and name in", "elif name in", "tests/test_headers.py"),
    Mutant("headers.py", "(not only_own and _MARK not in opaque)", "not only_own", "tests/test_headers.py"),
    Mutant("headers.py", '_DIGESTS | {b"content-length", b"accept-ranges"}', '_DIGESTS | {b"accept-ranges"}', DOORS),
    Mutant("coding.py", "self._engine.decompress(coded, PIECE)", "self._engine.decompress(coded)", "tests/test_coding.py"),
    Mutant("coding.py", "self._engine.flush(zlib.Z_SYNC_FLUSH) if flush else", 'b"" if flush else', "tests/test_coding.py"),
    Mutant("exchange.py", "        if decoder.complete:\n            out", "        if True:\n            out", "tests/test_exchange.py"),
    Mutant("exchange.py", 'return b"".join(pieces) if decoder.complete else None', 'return b"".join(pieces)', "tests/test_exchange.py"),
    Mutant("exchange.py", "if outcome.page is not None:\n            outcome", "if True:\n            outcome", "tests/test_exchange.py"),
    Mutant("exchange.py", "if left < 0:", "if False:", "tests/test_coding.py"),
    Mutant("coding.py", "reversed(codings)", "codings", "tests/test_coding.py"),
    Mutant("coding.py", "output_buffer_limit=PIECE // 4", "output_buffer_limit=1 << 30", "tests/test_coding.py"),
    Mutant("coding.py", "decompress(b\"\" if full else coded, PIECE)", "decompress(b\"\" if full else coded)", "tests/test_coding.py"),
    Mutant("exchange.py", "return status not in _NO_CONTENT and status >= 200", "return True", "tests/test_exchange.py"),
    Mutant("exchange.py", 'if not body and self._request.method == "HEAD":', "if False:", DOORS),
    Mutant("exchange.py", "plan = self._page_plan if page else self.plan", "plan = self.plan", "tests/test_visits.py"),
    Mutant("exchange.py", "policy.neutral if policy.cacheable else self.plan", "self.plan", "tests/test_visits.py"),
    Mutant("exchange.py", 'everyone = "all-" if self._policy.cacheable else ""', 'everyone = ""', "tests/test_visits.py"),
    Mutant("exchange.py", "if policy.hide_cookies and self._cookies.raw:", "if False:", "tests/test_visits.py"),
    Mutant("policy.py", "(self.refused_cookies(plan) | self.left_cookies(plan))", "self.refused_cookies(plan)", "tests/test_visits.py"),
    Mutant("exchange.py", "len(codings) > MAX_CODINGS or ", "", "tests/test_exchange.py"),
    Mutant("exchange.py", "yield from self._recoded(salvaged(self._codings, chunk), encoder)", "pass", "tests/test_exchange.py"),
    Mutant("exchange.py", "return b\"\" if self._decoded else chunk", "return b\"\"", "tests/test_exchange.py"),
    Mutant("exchange.py", "(self._rewriter.changed or self.is_broken) and self._holds.nonce is None", "self._holds.nonce is None", SECURITY),
    Mutant("exchange.py", "    def early(self, headers: Headers) -> Headers:\n", "    def early(self, headers: Headers) -> Headers:\n        return headers\n", MESSAGES),
    Mutant("headers.py", "b\"'strict-dynamic'\" not in words", "True", SECURITY),
    Mutant("headers.py", "len(fields) == len(headers) and _CONDITIONS", "_CONDITIONS", "tests/test_headers.py"),
    Mutant("headers.py", 'elif name != b"last-modified":', "else:", DOORS),
    Mutant("headers.py", 'rest = b";".join(left).lstrip(_OWS)', 'rest = b"; ".join(part.strip() for part in left)', "tests/test_visits.py"),
    Mutant("policy.py", 'is_over = self.leftovers == "expire" and', "is_over =", "tests/test_visits.py"),
    Mutant("policy.py", "self._names[(Purpose.CHAT,) if is_over else ()]", "self._names[tuple(Purpose) if is_over else ()]", "tests/test_visits.py"),
    Mutant("asgi.py", 'self._exchange.length == b"%d" % len(given)', "False", "tests/test_asgi.py"),
    Mutant("asgi.py", "            self._rewrites = False\n", "", "tests/test_asgi.py"),
    Mutant("asgi.py", "            elif kind in _HINTS:\n                await self._hint(message)\n", "", MESSAGES),
    Mutant("asgi.py", "        if left or not hints:\n", "        if True:\n", MESSAGES),
    Mutant("wsgi.py", "    if _EARLY_HINTS in environ:\n", "    if False:\n", MESSAGES),
    Mutant("wsgi.py", "        if not body and head is not given:\n", "        if False:\n", "tests/test_wsgi.py"),
    Mutant("coding.py", "if self._coding not in _REPEATS or not", "if not", "tests/test_coding.py"),
    Mutant("coding.py", '_zstd = _first_module("compression.zstd", "backports.zstd")', "_zstd = None", "tests/test_coding.py"),
    Mutant("coding.py", 'brotli if brotli is not None and hasattr(brotli.Decompressor, "can_accept_more_data") else None', "brotli", "tests/test_coding.py"),
    Mutant("wsgi.py", "            _close(iterable)\n            raise", "            raise", "tests/test_wsgi.py"),
    Mutant("wsgi.py", "self._exc_info = None  # a", "pass  # a", "tests/test_wsgi.py"),
    Mutant("wsgi.py", "self._server_write(self._exchange.feed(data))", "self._server_write(data)", "tests/test_wsgi.py"),
    Mutant("wsgi.py", "        if not self._exchange.rewrites:\n            self._forward(self._exchange.head, given)\n            return iterable\n", "", "tests/test_wsgi.py"),
    Mutant("asgi.py", "            else:\n                await self._send(message)\n", "", "tests/test_asgi.py"),
    Mutant("asgi.py", "            await self.finish()\n            if kind in _FILES", "            if kind in _FILES", "tests/test_asgi.py"),
    Mutant("asgi.py", "body if more else body + self._exchange.close()", "body + self._exchange.close()", "tests/test_asgi.py"),
    Mutant("asgi.py", "self.waiting = dict(message)", "self.waiting = message", "tests/test_asgi.py"),
    Mutant("wsgi.py", "body = bytes(chunks[0])", "body = chunks[0]", "tests/test_wsgi.py"),
    Mutant("wsgi.py", "first = bytes(next(chunks, b\"\"))", "first = next(chunks, b\"\")", "tests/test_wsgi.py"),
    Mutant("asgi.py", "if response.waiting is not None:", "if False:", "tests/test_asgi.py"),
    Mutant("asgi.py", "inner: Scope = dict(scope)", "inner: Scope = scope", "tests/test_asgi.py"),
    Mutant("endpoint.py", "f\"{mount.rstrip('/')}{policy.path}/", "f\"{policy.path}/", "tests/test_wsgi.py"),
    Mutant("endpoint.py", "asset is None else b\"public", "False else b\"public", "tests/test_endpoint.py"),
    Mutant("policy.py", 'rb"[;, \\t](?:"', 'rb"[; \\t](?:"', "tests/test_hubspot_cookies.py"),
    Mutant("policy.py", 'rb"[;, \\t](?:"', 'rb"[;, ](?:"', "tests/test_hubspot_cookies.py"),
    Mutant("policy.py", 'b"".join([b";" + header for header in cookies.raw])', 'b"".join(cookies.raw)', "tests/test_hubspot_cookies.py"),
    Mutant("endpoint.py", 'head + expire(policy.ended_cookies(plan, cookies), cookies, host)', "head", "tests/test_endpoint.py"),
    Mutant("endpoint.py", 'add_vary(head, b"Accept-Encoding")', "head", "tests/test_endpoint.py"),
    Mutant("endpoint.py", "_script(policy, name, accepted)", '_script(policy, name, b"")', "tests/test_endpoint.py"),
    Mutant("headers.py", "weight > 0 and weight >= weights", "weight >= weights", "tests/test_headers.py"),
    Mutant("headers.py", "if _WEIGHT.fullmatch(said) else 0.0", "if _WEIGHT.match(said) else 0.0", "tests/test_headers.py"),
    Mutant("headers.py", 'weights.get(b"*", 0.0)', "0.0", "tests/test_headers.py"),
    Mutant("holds.py", "is_stopped = self.nonced and", "is_stopped = False and", f"{RELEASE} -k policy_stops"),
    Mutant("holds.py", "tag.get(b\"nonce\") != self._page_nonce", 'tag.get(b"nonce") is None', "tests/test_holds.py"),
    Mutant("holds.py", "            if is_stopped:\n                return ()\n", "", "tests/test_holds.py"),
    Mutant("holds.py", "return (Edit(0, 0, b\"\"),) if self._watches else ()", "return ()", "tests/test_holds.py"),
    Mutant("holds.py", "not (guarded or self._watches)", "not guarded", "tests/test_holds.py"),
    Mutant("exchange.py", "self._page_plan.touches_html or self._policy.withdrawal", "self._page_plan.touches_html or None and self._policy.withdrawal", "tests/test_exchange.py"),
    Mutant("memory.py", "if page is None or page.body != body:\n            return None", "if page is None:\n            return None", "tests/test_memory.py"),
    Mutant("memory.py", "self._pages[sample] = _Page(None, seen)", "self._pages[sample] = _Page(body, seen)", "tests/test_memory.py"),
    Mutant("memory.py", "if len(self._pages) > self._many:", "if len(self._pages) > self._many * 9:", "tests/test_memory.py"),
    Mutant("memory.py", "if page.seen != seen:", "if False:", "tests/test_memory.py"),
    Mutant("memory.py", "            self._left += page.size\n            page", "            page", "tests/test_memory.py"),
    Mutant("memory.py", "if page.wanted:", "if False:", "tests/test_memory.py"),
    Mutant("memory.py", "while self._left < 0:", "while False:", "tests/test_memory.py"),
    Mutant("memory.py", "> self._limit // PART", "> self._limit", "tests/test_memory.py"),
    Mutant("memory.py", "page.size += size + COST", "page.size += size", "tests/test_memory.py"),
    Mutant("memory.py", "if context not in page.outcomes:", "if True:", "tests/test_memory.py"),
    Mutant("exchange.py", "memory = policy.pages if frame.nonce is None else None", "memory = policy.pages", "tests/test_memory.py"),
    Mutant("exchange.py", "        if reading.is_broken:\n            return outcome\n", "", "tests/test_memory.py"),
    Mutant("exchange.py", "                    self._page_plan.variant,\n", '                    "",\n', "tests/test_memory.py"),
    Mutant("exchange.py", "memory.recall(frame, body)", "memory.recall(frame._replace(authority=''), body)", "tests/test_memory.py"),
    Mutant("exchange.py", "named = len(frame.authority) + len(frame.asset_url)", "named = 0", "tests/test_memory.py"),
    Mutant("exchange.py", "named + len(outcome.page or b\"\")", "named", "tests/test_memory.py"),
    Mutant("html/tokens.py", "elif around.bounds != self.open[-1].bounds:", "elif False:", "tests/html/test_rewriter.py"),
    Mutant("endpoint.py", 'body, b"no-store")', 'body, b"no-cache")', "tests/test_endpoint.py"),
    Mutant("facade/markup.py", "and lang.lower().startswith(language)", "", "tests/test_facade.py"),
    Mutant("facade/asset.py", "return escape(text, quote=False)", "return text", "tests/test_facade.py"),
    Mutant("facade/asset.py", '<a href="{escape(url)}">', '<a href="{url}">', "tests/test_facade.py"),
    Mutant("facade/asset.py", 'orders = permutations(Purpose)', "orders = [tuple(Purpose)[::-1]]", "tests/test_facade.py"),
    Mutant("html/grammar.py", 'ATTRIBUTE_NAME: Final = r"[^\\t\\n\\f\\r\\x20/>][^', 'ATTRIBUTE_NAME: Final = r"[^\\t\\n\\f\\r\\x20/>=][^', "tests/html/test_rewriter.py tests/html/test_conformance.py"),
    Mutant("html/grammar.py", "COMMENT_END: Final = re.compile(rb\"--!?>\")", "COMMENT_END: Final = re.compile(rb\"-->\")", "tests/html/test_rewriter.py tests/html/test_laws.py"),
    Mutant("html/charset.py", "NOT_ALIKE: Final = re.compile(rb\"[\\x1b\\x80-\\xff]\")", "NOT_ALIKE: Final = re.compile(rb\"[\\x80-\\xff]\")", "tests/html/test_charset.py"),
    Mutant("html/tokens.py", "        self.doubtful = True\n        if name", "        if name", "tests/html/test_rewriter.py"),
    Mutant("html/rewriter.py", "(tokens.plain and not tokens.doubtful)", "tokens.plain", "tests/html/test_rewriter.py"),
    Mutant("html/tokens.py", 'name in grammar.CLOSES_FOREIGN or (b"-" in name and name not in grammar.NO_CUSTOM_ELEMENT)', "name in grammar.CLOSES_FOREIGN", "tests/html/test_rewriter.py"),
    Mutant("html/tokens.py", "            if self.doubtful and name in grammar.BREAKOUT:\n                self._settle()\n", "            pass\n", "tests/html/test_rewriter.py"),
    Mutant("html/tokens.py", "            if self.doubtful:\n                self._close_other(name)\n", "", "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", "(?! /{prefix}{grammar.name('script')} )", "(?! /{prefix}[sS][cC][rR] )", "tests/html/test_tree_kinds.py"),
    Mutant("html/tokens.py", "            self.lost = True\n", "            pass\n", "tests/html/test_tree_kinds.py"),
    Mutant("html/tokens.py", "            self.unscripted = self.unscripted or end - self.pos > 1\n", "", "tests/html/test_tree_kinds.py"),
    Mutant("html/tokens.py", "            self.open.pop()\n        self.raw = b\"\"", "            pass\n        self.raw = b\"\"", "tests/html/test_tree_kinds.py"),
    Mutant("html/charset.py", "        chunk = self._begun + chunk\n        self._begun = b\"\"\n", "        last = True\n", "tests/html/test_tree_kinds.py"),
    Mutant("html/tokens.py", 'space == b"svg" or self.open[-1].svg', 'space == b"svg"', "tests/html/test_rewriter.py"),
    Mutant("html/gate.py", 'return text.encode("ascii") if text.isascii() else', 'return text.encode("ascii", "replace") if True else', "tests/test_holds.py"),
    Mutant("html/gate.py", 'seen = raw.translate(None, b"\\t\\n\\r")', "seen = raw", "tests/test_holds.py"),
    Mutant("html/tokens.py", "if self.raw or self.twice or self.frameset or self._tag_state:", "if self.raw or self.twice or self._tag_state:", "tests/html/test_rewriter.py"),
    Mutant("html/rewriter.py", "if self._view is None and not self._reader.expect(document, complete=True):", "if not self._reader.expect(document, complete=True):", "tests/html/test_charset.py"),
    Mutant("html/tokens.py", "inert=above.inert or (html and name == b\"template\" and not live),", "inert=False,", "tests/html/test_rewriter.py"),
    Mutant("html/tokens.py", "live=not whole or self._is_shadow()", "live=False", "tests/html/test_rewriter.py"),
    Mutant("urls.py", "return _authority(parent.scheme if parent else \"\", text.lstrip(\"/\\\\\"))", "return _authority(parent.scheme if parent else \"\", text[2:])", "tests/html/test_urls.py"),
    Mutant("cookies.py", "name.startswith(self.prefixes))\n", "self.prefixes[:0])\n", "tests/test_hubspot_cookies.py"),
    Mutant("cookies.py", "and _TOKEN.fullmatch(name))", ")", "tests/test_hubspot_cookies.py"),
    Mutant("cookies.py", "if name not in self.exact][:MAX_PREFIXED]", "if name not in self.exact]", "tests/test_hubspot_cookies.py"),
    Mutant("cookies.py", "named = {*cookies.pairs, *cookies.doubtful_pairs}", "named = {*cookies.pairs}", "tests/test_hubspot_cookies.py"),
    Mutant("cookies.py", "tuple(sorted({*self.prefixes, *other.prefixes}))", "self.prefixes", "tests/test_hubspot_cookies.py"),
    Mutant("cookies.py", "and set(self.prefixes) <= set(other.prefixes)", "", "tests/test_hubspot_cookies.py"),
    Mutant("policy.py", "if rule.purpose is purpose]", "if rule.purpose in (purpose, None)]", "tests/test_hubspot_cookies.py"),
    Mutant("checks.py", "if found and len(found) == len(listed):", "if found:", "tests/test_intercom.py"),
    Mutant("vendors/hubspot.py", '_chat("messagesUtk", 180 * _DAY', '_chat("messagesUtk", 390 * _DAY', "tests/test_hubspot_cookies.py"),
    Mutant("vendors/intercom.py", "if recognition.region in _DATA_CENTRES:", "if recognition.region:", "tests/test_intercom.py"),
    Mutant("vendors/intercom.py", 'recognition.account or (said[1] if said else "")', "recognition.account", "tests/test_intercom.py"),
    Mutant("vendors/intercom.py", "region=region[1] if region else \"\"", "region=\"\"", "tests/test_intercom.py"),
    Mutant("vendors/intercom.py", "tuple(attributes), recognition.account)", "tuple(attributes))", "tests/test_intercom.py"),
    Mutant("vendors/intercom.py", "if not _APP_ID.fullmatch(recognition.account):", "if False:", "tests/test_intercom.py"),
    Mutant("vendors/intercom.py", '    "js.intercomcdn.com": Purpose.CHAT,', '    "intercomcdn.com": Purpose.CHAT,', "tests/test_intercom.py"),
    Mutant("vendors/intercom.js", "api.booted ? api : null", "true ? api : null", "tests/browser/test_intercom.py"),
    Mutant("vendors/intercom.js", "driver.asked ? document.querySelector(driver.messenger) : driver.frame()", "driver.frame()", "tests/browser/test_intercom.py"),
    Mutant("vendors/intercom.js", "if (!value || settings[name] ||", "if (!value ||", "tests/browser/test_intercom.py"),
    Mutant("vendors/intercom.js", "id|session|device-id)-/", "id|session|device-id|else)/", "tests/browser/test_intercom.py"),
    Mutant("vendors/intercom.js", 'for (const domain of ["", ...domains])', 'for (const domain of [""])', "tests/browser/test_intercom.py"),
    Mutant("vendors/intercom.js", "if (window.Intercom === driver.queue && !driver.api()) delete window.Intercom;", "", "tests/browser/test_intercom.py"),
    Mutant("vendors/intercom.js", "driver.begun === mine && ", "", "tests/browser/test_intercom.py"),
    Mutant("vendors/intercom.js", 'if (!driver.frame()) window.Intercom("boot"', 'window.Intercom("boot"', "tests/browser/test_intercom.py"),
    Mutant("disclosure.py", "fits = not required or rule.category in required", "fits = True", "tests/test_disclosure.py"),
    Mutant("disclosure.py", "regime = policy.regime if isinstance(policy.regime, Regime) else Regime.OPT_IN", "regime = Regime.OPT_IN", "tests/test_disclosure.py"),
    Mutant("disclosure.py", "    if not clicks:\n        return\n", "", "tests/test_disclosure.py"),
    Mutant("disclosure.py", "or (contact.regional and twins.region_of(host) is not None)", "", "tests/test_disclosure.py"),
    Mutant("disclosure.py", "contact.regional and twins", "twins", "tests/test_disclosure.py"),
    Mutant("disclosure.py", '_MARKDOWN = re.compile(r"[\\\\`*_', '_MARKDOWN = re.compile(r"[`*_', "tests/test_disclosure.py"),
    Mutant("disclosure.py", '" ".join(text.split())', "text", "tests/test_disclosure.py"),
    Mutant("disclosure.py", "first, *rest = map(escape, cells)", "first, *rest = cells", "tests/test_disclosure.py"),
    Mutant("headers.py", "if left < 0:", "if False:", "tests/security/test_amplification.py"),
    Mutant("headers.py", "if len(labels) > MAX_LABELS or ", "if ", "tests/security/test_amplification.py"),
    Mutant("headers.py", "name if len(name) <= LONGEST_NAME and _HOST_NAME.fullmatch(name)", "name if re.fullmatch(rb'[a-z0-9_.-]+', name)", "tests/security/test_amplification.py"),
    Mutant("headers.py", "any(name.endswith(_SHARED_CACHE_ENDINGS) for name in names)", "False", "tests/security/test_shared_caches.py"),
    Mutant("headers.py", "else not _NOT_STORED.search(value)", "else True", "tests/security/test_shared_caches.py"),
    Mutant("exchange.py", "if len(host) <= LONGEST_HOST and ", "if ", "tests/security/test_amplification.py"),
    Mutant("exchange.py", "tuple(coding for coding in codings if coding in BROWSERS_READ)", "tuple(codings)", "tests/security/test_unknown_coding.py"),
    Mutant("cookies.py", "if name.startswith(self.prefixes) and len(name) <= LONGEST_PREFIXED and ", "if name.startswith(self.prefixes) and ", "tests/security/test_amplification.py"),
    Mutant("cookies.py", "self.is_cut |= len(header) > left", "pass", "tests/security/test_cookie_copies.py"),
    Mutant("policy.py", "if weight > _PLAN_MOST:", "if False:", "tests/security/test_amplification.py"),
    Mutant("policy.py", "if told <= _TOLD and len(doubts) <= _DOUBTED else", "if True else", "tests/security/test_amplification.py"),
    Mutant("sources/reader.py", "return [*readings, *map(unread, full)]", "return readings", "tests/security/test_cookie_copies.py"),
    Mutant("sources/reader.py", "list(dict.fromkeys(pairs[name]))", "list(pairs[name])", "tests/security/test_cookie_copies.py"),
    Mutant("sources/own.py", "readings.append(unread(name))", "pass", "tests/security/test_cookie_copies.py"),
    Mutant("sources/gpp.py", ", position, position + _LONGEST_WORD)", ", position)", "tests/security/test_growth.py"),
    Mutant("tag_managers.py", "(?<=[a-z0-9-])", "[a-z0-9-]+", "tests/security/test_growth.py"),
    Mutant("html/gate.py", 'rf"(?:{grammar.XML_REST}>?+)" if xml else', "", "tests/security/test_growth.py"),
    Mutant("html/gate.py", "{grammar.name(*words)}{grammar.XML_REST}", "{grammar.name(*words)}{grammar.ATTRIBUTES}", "tests/security/test_growth.py"),
    Mutant("urls.py", "if parent is None or len(parent.path) <= _SHORT:", "if True:", "tests/security/test_growth.py"),
    Mutant("disclosure.py", 'if url.startswith("https://") else text', "", "tests/test_disclosure.py"),
    Mutant("disclosure.py", "if row.hosted is hosted]", "]", "tests/test_disclosure.py"),
    Mutant("disclosure.py", "if row.lifetime_seconds % size == 0)", "if row.lifetime_seconds >= size)", "tests/test_disclosure.py"),
]  # fmt: skip
EVERY = [*MUTANTS, *SCRIPT_MUTANTS]


def source_of(mutant: Mutant, root: Path) -> Path:
    """Return the file that a mutant changes, in the project at `root`."""
    return root / "consent_middleware" / mutant.file


def is_killed(mutant: Mutant, copy: Path) -> bool:
    """Whether the mutant's tests fail in a copy of the project that holds it."""
    path = source_of(mutant, copy)
    source = path.read_text("utf-8")
    if source.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.file}: {mutant.old!r} stands there {source.count(mutant.old)} times, not once")
    path.write_text(source.replace(mutant.old, mutant.new), "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    if path.suffix == ".js":
        subprocess.run(
            [sys.executable, "-m", "tests.minify"], cwd=copy, env=environment, capture_output=True, check=True
        )
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests.split()],
            cwd=copy,
            env=environment,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        # Nobody overlooks tests that do not end.
        return True
    finally:
        path.write_text(source, "utf-8")
    # Status 1 is "tests failed"; anything else (a mutant that cannot be imported, say) proves nothing.
    return done.returncode == 1


def main(wanted: list[str]) -> int:
    """Try every mutant, or those whose file is named. Returns the exit status."""
    chosen = [mutant for mutant in EVERY if not wanted or mutant.file in wanted]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(
            ROOT, copy, ignore=shutil.ignore_patterns(".venv*", ".git", ".cache", "node_modules", ".*_cache")
        )
        # What npm has fetched, for the script's minified form and for the browsers.
        (ROOT / ".cache").mkdir(exist_ok=True)
        (copy / ".cache").symlink_to((ROOT / ".cache").resolve())
        living = []
        for mutant in chosen:
            killed = is_killed(mutant, copy)
            print("killed" if killed else "LIVES ", mutant.file, "|", mutant.new.strip() or "(taken out)", flush=True)
            if not killed:
                living.append(mutant)
    print(f"{len(chosen) - len(living)} of {len(chosen)} mutants killed")
    return 1 if living else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
