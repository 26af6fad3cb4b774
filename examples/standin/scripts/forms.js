// The stand-in for HubSpot's form reader. It requests its settings and reads nothing.
(function (standin) {
  // The front end may have removed the element from the page already, so it is not looked up by id.
  var own = document.currentScript;
  var host = "forms" + (standin.hublet === "na1" ? "" : "-" + standin.hublet) + ".hscollectedforms.net";
  fetch(standin.origins[host] + "/collected-forms/v1/config/json?portalId=" + own.getAttribute("data-leadin-portal-id"))
    .catch(function () {});
})(__STANDIN__);
