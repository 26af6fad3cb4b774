import "lazysizes";
import "../counter.js";
