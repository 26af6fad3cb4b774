import { createApp, ref } from "vue";
import { useHead } from "@unhead/vue";
import { createHead } from "@unhead/vue/client";
import { ID, SRC } from "../tag.js";

createApp({
  setup() {
    useHead({ script: [{ async: true, id: ID, src: SRC }] });
    return { count: ref(0) };
  },
  template: `<h1>Shop</h1><button id="count" @click="count++">{{ count }}</button>`,
})
  .use(createHead())
  .mount("#root");
