import "htmx.org";
import "../counter.js";
