import postscribe from "postscribe";
import "../counter.js";
import { ID, SRC } from "../tag.js";

postscribe("#place", `<script async id="${ID}" src="${SRC}"></script>`, {
  done: () => (window.told = (window.told ?? 0) + 1),
});
