import { createApp, ref } from "vue";
import { createRouter, createWebHistory } from "vue-router";

const count = ref(0);
const view = (title, to, label) => ({
  setup: () => ({ count }),
  template: `<h1>${title}</h1><button id="count" @click="count++">{{ count }}</button>
    <router-link to="${to}">${label}</router-link>`,
});
const router = createRouter({
  history: createWebHistory("/routes-vue/"),
  routes: [
    { path: "/", component: view("Shop", "/second", "Next") },
    { path: "/second", component: view("Second", "/terms", "Terms") },
    { path: "/terms", component: view("Terms", "/", "Shop") },
  ],
});

createApp({ template: "<router-view></router-view>" }).use(router).mount("#root");
