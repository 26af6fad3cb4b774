// The control page: shows both sites, sends the visitor's choice to both, and lists the requests and cookies.
(function () {
  "use strict";
  var config = JSON.parse(document.getElementById("config").textContent);
  var NAME = "demo.localhost";
  var TITLES = {
    unprotected: ["Unprotected", "The tag as HubSpot gives it, which loads at once."],
    protected: ["Protected", "The same site and tag, behind the middleware."]
  };
  var HINTS = {
    start: "Nobody has chosen yet. Compare the two lists, then press the chat button in the protected site.",
    refuse: "Refused, and only the protected site obeys. The chat is still one click away; once clicked, it stays for the visit.",
    functional: "Functional cookies are allowed: the chat may load without a click. Tracking may not.",
    everything: "The visitor has agreed to everything: both pages are now as the site wrote them, as it should be.",
    withdraw: "Withdrawn. The protected site has taken HubSpot's cookies away; the other has not.",
    banner: "A site whose only consent platform is HubSpot's own banner. Protected, the banner alone loads. Choose in both.",
    forget: "A new visitor: every cookie of both sites is gone. Press the chat button in the protected site."
  };
  var CHAT_HOSTS = /^(js\.usemessages\.com|(api|app)\.hubspot\.com|static\.hsappstatic\.net)$/;
  var BANNER_HOSTS = /^js\.hs-banner\.com$/;
  var CHAT_COOKIES = /^(messagesUtk|hs-messages-.*)$/;
  // By this cookie HubSpot's banner keeps the visitor's answer.
  var BANNER_ANSWER = "__hs_cookie_cat_pref";
  var choice = "start";
  var sides = {};
  var last = 0;
  var round = 0;

  function element(name, text, className) {
    var made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  }
  // Removes the region, because the purpose of a host does not depend on it.
  function base(host) { return host.replace(/^([a-z-]+?)-[a-z]{2}\d{1,2}\./, "$1."); }
  function isHubSpot(host) {
    return config.domains.some(function (domain) { return host === domain || host.endsWith("." + domain); });
  }
  function count(number, one, many) { return number + " " + (number === 1 ? one : many); }

  // ---- each side has its own name under one domain: the cookies are separate, and both count as first party
  function origin(side) {
    var host = framed ? side + "." + NAME : side === "protected" ? "127.0.0.1" : "localhost";
    return "http://" + host + ":" + config.ports[side];
  }
  function build(side) {
    var article = document.getElementById("side").content.firstElementChild.cloneNode(true);
    article.id = side;
    article.querySelector("h2").textContent = TITLES[side][0];
    article.querySelector(".what").textContent = TITLES[side][1];
    article.querySelector(".bar").textContent = origin(side) + "/";
    document.querySelector("main").append(article);
    var made = sides[side] = { article: article, requests: [], cookies: framed ? [] : null, seen: {}, from: 0 };
    if (!framed) return;
    var page = element("iframe");
    page.name = side;
    page.title = "The site, " + side;
    page.src = origin(side) + "/";
    article.querySelector(".window").append(page);
    var report = element("iframe", "", "report");
    report.title = "Report";
    report.src = origin(side) + "/_demo/report?side=" + side;
    document.body.append(report);
    made.report = report;
  }

  // ---- the page of the site that both windows show
  document.querySelectorAll("[data-page]").forEach(function (button) {
    button.addEventListener("click", function () {
      var page = button.dataset.page;
      // The banner's page begins with a new visitor. On the other pages the choice stays.
      if (button.dataset.by) choice = "banner";
      else if (choice === "banner") choice = "start";
      pressed();
      document.getElementById("hint").textContent = HINTS[choice];
      startAgain(function (side) {
        sides[side].article.querySelector(".bar").textContent = origin(side) + page;
        if (framed) sides[side].article.querySelector(".window iframe").src = origin(side) + (button.dataset.by || page);
      });
    });
  });

  function draw(side) {
    var own = sides[side];
    var requests = own.article.querySelector(".requests");
    var cookies = own.article.querySelector(".cookies");
    while (requests.children.length > own.requests.length || requests.querySelector(".none")) requests.lastElementChild.remove();
    own.requests.slice(requests.children.length).forEach(function (each) {
      var asks = choice === "banner" && side === "protected" && BANNER_HOSTS.test(base(each.host));
      var line = element("li", "", asks || CHAT_HOSTS.test(base(each.host)) ? "chatty" : "foreign");
      var name = element("b", each.host);
      name.append(element("span", each.path));
      name.title = each.host + each.path;
      line.append(name, config.purposes[base(each.host)] || "HubSpot");
      requests.append(line);
    });
    if (!own.requests.length) requests.append(element("li", "Nothing.", "none"));

    var names = own.cookies || [];
    var foreign = names.filter(function (name) { return config.own.indexOf(name) < 0; });
    cookies.replaceChildren.apply(cookies, names.map(function (name) {
      var kind = config.own.indexOf(name) >= 0 ? "" : CHAT_COOKIES.test(name) ? "chatty" : "foreign";
      var line = element("li", "", kind);
      line.append(element("b", name), config.cookies[name] || "");
      return line;
    }));
    if (!names.length) {
      cookies.append(element("li", own.cookies ? "None." : "Cannot be read from here in this browser.", "none"));
    }

    // What the visitor has agreed to is no failure. The unprotected site asks HubSpot before its banner is answered.
    var agreed = choice === "everything" ||
      choice === "banner" && side === "protected" && names.indexOf(BANNER_ANSWER) >= 0;
    own.article.classList.toggle("agreed", agreed);
    var verdict = own.article.querySelector(".verdict");
    var chatOnly = own.requests.every(function (each) { return CHAT_HOSTS.test(base(each.host)); }) &&
      foreign.every(function (name) { return CHAT_COOKIES.test(name); });
    var bannerOnly = own.requests.length && own.requests.every(function (each) { return BANNER_HOSTS.test(base(each.host)); });
    var text = !own.requests.length && !foreign.length ? "Nothing reaches HubSpot" :
      count(own.requests.length, "request", "requests") + ", " + count(foreign.length, "HubSpot cookie", "HubSpot cookies") +
      (bannerOnly ? ": the banner alone" : agreed ? ": as chosen" : chatOnly ? ": the chat alone" : "");
    if (verdict.textContent !== text) verdict.textContent = text;
    verdict.className = "verdict" +
      (!own.requests.length && !foreign.length ? "" : agreed || chatOnly || bannerOnly ? " chat" : " some");
  }

  // ---- what reaches the stand-in or, with the real HubSpot, what the pages report that they fetched
  function log() {
    return fetch("/log?after=" + last).then(function (answer) { return answer.json(); });
  }
  function poll() {
    var asked = round;
    log().then(function (answer) {
      // An answer that was requested before the last choice does not count for it.
      if (asked === round) {
        last = Math.max(last, answer.last);
        answer.records.forEach(function (record) { sides[record.side].requests.push(record); });
        Object.keys(sides).forEach(draw);
      }
      setTimeout(poll, 300);
    }).catch(function () {
      document.getElementById("hint").textContent = "The demo has ended.";
    });
  }
  window.addEventListener("message", function (event) {
    Object.keys(sides).forEach(function (side) {
      var own = sides[side];
      if (!own.report || event.source !== own.report.contentWindow) return;
      own.cookies = event.data.cookies;
      if (config.standin) return;
      event.data.resources.forEach(function (each) {
        var url = new URL(each.url);
        var key = each.key + " " + each.url;
        if (own.seen[key] || each.key < own.from || !isHubSpot(url.hostname)) return;
        own.seen[key] = true;
        own.requests.push({ host: url.hostname, path: url.pathname });
      });
    });
  });

  // ---- the visitor's choice, sent as the site's own form would send it
  function send(side, made) {
    var form = element("form");
    form.method = "post";
    form.target = side;
    form.action = origin(side) + (made === "forget" ? "/_demo/forget" : "/consent");
    [["choice", made], ["next", "/"]].forEach(function (field) {
      var input = element("input");
      input.type = "hidden";
      input.name = field[0];
      input.value = field[1];
      form.append(input);
    });
    document.body.append(form);
    form.submit();
    form.remove();
  }
  function pressed() {
    document.querySelectorAll("[data-choice]").forEach(function (button) {
      if (!button.classList.contains("quiet")) button.setAttribute("aria-pressed", String(button.dataset.choice === choice));
    });
  }
  function choose(made) {
    choice = made;
    pressed();
    document.getElementById("hint").textContent = HINTS[made];
    startAgain(function (side) { send(side, made); });
  }
  // Empties both lists of requests, then does something for each side.
  function startAgain(then) {
    log().then(function (answer) {
      round += 1;
      last = answer.last;
      Object.keys(sides).forEach(function (side) {
        sides[side].requests = [];
        sides[side].from = Date.now();
        sides[side].article.querySelector(".requests").replaceChildren();
        draw(side);
        then(side);
      });
    });
  }
  document.querySelector(".buttons").addEventListener("click", function (event) {
    if (event.target.dataset.choice) choose(event.target.dataset.choice);
  });

  function begin() {
    document.getElementById("about").textContent = config.standin ?
      "One small shop, twice: what each window asks of HubSpot, and which cookies it holds. " +
      "A stand-in on this computer answers for HubSpot, so nothing leaves it." :
      "One small shop, twice, with the real HubSpot. The lists are what the pages themselves report; what happens inside " +
      "HubSpot's own chat window is not among them.";
    document.getElementById("hint").textContent = HINTS.start;
    // Requests from before this page was opened are not shown.
    log().then(function (answer) {
      last = answer.last;
      ["unprotected", "protected"].forEach(build);
      poll();
    });
  }
  function beginWithoutFrames() {
    var box = document.getElementById("fallback");
    box.hidden = false;
    box.append("This browser does not know names that end in .localhost, so the two sites cannot stand side by side with " +
      "cookies of their own. Open them in windows of their own: ");
    ["unprotected", "protected"].forEach(function (side) {
      var link = element("a", side);
      link.href = origin(side) + "/";
      link.target = side;
      box.append(link, " ");
    });
    begin();
  }

  var framed = location.hostname === NAME;
  if (framed) begin();
  else {
    fetch("http://" + NAME + ":" + config.port + "/ping").then(function () {
      location.replace("http://" + NAME + ":" + config.port + "/");
    }, beginWithoutFrames);
  }
})();
