window.__hsReferrer = document.referrer;
window.__hsInitialUrl = location.href;
!function (id, src, attributes) {
  if (document.getElementById(id)) return;
  var script = document.createElement("script");
  script.type = "text/javascript";
  script.id = id;
  script.src = src;
  for (var name in attributes) script.setAttribute(name, attributes[name]);
  var first = document.getElementsByTagName("script")[0];
  first.parentNode.insertBefore(script, first);
}(__ARGUMENTS__);
