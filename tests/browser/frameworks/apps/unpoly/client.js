import "unpoly";
import "../counter.js";
