// The packages are behind a symbolic link, and Astro takes their addresses for its own names of modules.
export default {
  base: "/astro",
  trailingSlash: "always",
  devToolbar: { enabled: false },
  vite: { resolve: { preserveSymlinks: true } },
};
