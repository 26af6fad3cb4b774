module.exports = {
  output: "export",
  images: { unoptimized: true },
  eslint: { ignoreDuringBuilds: true },
  experimental: { cpus: 1, workerThreads: false },
};
