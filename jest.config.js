// The tests run on what tsc compiled (build/), so that the types are checked once and no second compiler is needed.
// One ring is one project: `npx jest --selectProjects unit`.
const ring = (displayName, testMatch, more = {}) => ({
  displayName,
  rootDir: 'build',
  testEnvironment: 'node',
  transform: {},
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
  ...more,
});

export default {
  projects: [
    ring('unit', ['shared/**/*.test.js', 'action-*/src/**/*.test.js', 'test/unit/**/*.test.js']),
    ring('repository', ['test/repository/**/*.test.js']),
    ring('hosts', ['test/hosts/**/*.test.js', 'test/host/**/*.test.js']),
    ring('e2e', ['test/e2e/**/*.test.js']),
  ],
};
