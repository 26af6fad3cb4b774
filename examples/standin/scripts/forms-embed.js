// The stand-in for HubSpot's form library. It makes each form that a page asks for when its fields have arrived.
(function (standin) {
  "use strict";
  var hbspt = (window.hbspt = window.hbspt || {});
  if (hbspt.forms) return;

  // A target is a selector or an object of jQuery.
  function find(target) { return target.jquery ? target[0] : document.querySelector(target); }

  // The page hears of its forms by messages of its own window.
  function tell(options, event) {
    window.postMessage({ type: "hsFormCallback", eventName: event, id: options.formId }, location.origin);
  }

  function create(options) {
    if (!options || !options.formId) throw new TypeError("a form needs its formId");
    // Without a target, the form is put before the script that asks for it.
    var script = document.currentScript;
    var target = options.target;
    var place = target ? find(target) : document.createElement("div");
    if (!target) script.parentNode.insertBefore(place, script);
    if (!place) throw new Error("there is no " + target);
    var host = "forms" + (standin.hublet === "na1" ? "" : "-" + standin.hublet) + ".hsforms.com";
    fetch((standin.origins[host] || "https://" + host) + "/embed/v3/form/" + options.portalId + "/" + options.formId + "/json")
      .then(function (answer) { return answer.json(); })
      .then(function () {
        var form = document.createElement("form");
        form.className = "hs-form";
        form.dataset.formId = options.formId;
        form.innerHTML = '<label>E-mail <input type="email" name="email"></label><button>Send</button>';
        place.innerHTML = "";
        place.append(form);
        tell(options, "onFormReady");
        if (options.onFormReady) options.onFormReady(form);
      });
  }
  hbspt.forms = { create: create };
})(__STANDIN__);
