window.__hsReferrer = document.referrer;
window.__hsInitialUrl = location.href;
