import "@hotwired/turbo";
import "../counter.js";
