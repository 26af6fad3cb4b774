// The stand-in for HubSpot's calendars. It puts a frame into each element that names one.
(function () {
  "use strict";
  function fill(place) {
    if (place.querySelector("iframe")) return;
    var frame = document.createElement("iframe");
    frame.title = "Calendar";
    frame.src = place.getAttribute("data-src");
    place.append(frame);
  }
  var hbspt = (window.hbspt = window.hbspt || {});
  hbspt.meetings = {
    create: function (selector) { document.querySelectorAll(selector).forEach(fill); }
  };
  hbspt.meetings.create(".meetings-iframe-container");
})();
