// A stand-in for HubSpot's script loader, for tests and for the demo. Please do not block it.
var _hsq = window._hsq = window._hsq || [];
_hsq.push(["setTrackingGate", "stand-in", true]);
var _hsp = window._hsp = window._hsp || [];
_hsp.push(["addEnabledFeatureGates", []]);
_hsp.push(["setBusinessUnitId", 0]);
