// The stand-in for HubSpot's form reader: it asks for its settings and reads nothing.
(function (standin) {
  // A front end may have taken the element out of the page by now.
  var own = document.currentScript;
  var host = "forms" + (standin.hublet === "na1" ? "" : "-" + standin.hublet) + ".hscollectedforms.net";
  fetch(standin.origins[host] + "/collected-forms/v1/config/json?portalId=" + own.getAttribute("data-leadin-portal-id"))
    .catch(function () {});
})(__STANDIN__);
