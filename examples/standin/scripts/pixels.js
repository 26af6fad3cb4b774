// The stand-in for HubSpot's advertising pixels. It requests its settings and contacts no advertiser.
(function (standin) {
  var own = document.currentScript;
  var host = "api" + (standin.hublet === "na1" ? "" : "-" + standin.hublet) + ".hubapi.com";
  fetch(standin.origins[host] + "/hs-script-loader-public/v1/config/pixels-and-events/json?portalId=" +
    own.getAttribute("data-ads-portal-id")).catch(function () {});
})(__STANDIN__);
