// The stand-in for HubSpot's form reader: it asks for its settings and reads nothing.
(function (standin) {
  var own = document.querySelector("script[data-leadin-portal-id]");
  var host = "forms" + (standin.hublet === "na1" ? "" : "-" + standin.hublet) + ".hscollectedforms.net";
  fetch(standin.origins[host] + "/collected-forms/v1/config/json?portalId=" + own.getAttribute("data-leadin-portal-id"))
    .catch(function () {});
})(__STANDIN__);
