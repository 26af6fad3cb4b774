import { GtmSupport } from "@gtm-support/core";
import "../counter.js";

// The container comes from the site's own address.
new GtmSupport({ id: "GTM-ABC123", source: "/gtm-support/second.js" }).enable(true);
