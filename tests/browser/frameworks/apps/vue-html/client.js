import { createApp, ref } from "vue";
import { ID, PIXEL, SRC } from "../tag.js";

// A browser runs no script that comes as markup, but asks for a picture.
const markup = `<p>Words</p><script async id="${ID}" src="${SRC}"></script><img alt="" src="${PIXEL}">`;

createApp({
  setup: () => ({ count: ref(0), markup }),
  template: `<h1>Shop</h1><button id="count" @click="count++">{{ count }}</button><div v-html="markup"></div>`,
}).mount("#root");
