import { createApp, ref } from "vue";
import { createRouter, createWebHistory } from "vue-router";
import { insert } from "../tag.js";

const count = ref(0);
const view = (title, more) => ({
  setup: () => ({ count }),
  template: `<h1>${title}</h1><button id="count" @click="count++">{{ count }}</button>${more}`,
});
const router = createRouter({
  history: createWebHistory("/vue-router/"),
  routes: [
    { path: "/", component: view("Shop", '<router-link to="/second">Next</router-link>') },
    { path: "/second", component: view("Second", '<router-link to="/">Back</router-link>') },
  ],
});

// Each route has its own view counted, and its own tag.
let tag;
router.afterEach(() => {
  tag?.remove();
  tag = insert();
});

createApp({ template: "<router-view></router-view>" }).use(router).mount("#root");
