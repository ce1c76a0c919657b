// ESM all the way: NODE_OPTIONS=--experimental-vm-modules is set by the npm scripts' runner.
const base = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testEnvironment: '<rootDir>/test/plain-environment.ts',
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/.local'],
};

export default {
  // Properties over thousands of runs, and clouds that start, on two cores that others use as well.
  testTimeout: 300_000,
  testSequencer: '<rootDir>/test/longest-first.ts',
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/journeys/'],
      globalSetup: '<rootDir>/test/one-dynamodb.ts',
    },
    // The journeys run the synthesised stacks on the local cloud, each file on a cloud of its own.
    {
      ...base,
      displayName: 'journeys',
      testMatch: ['<rootDir>/test/journeys/**/*.test.ts'],
      globalSetup: '<rootDir>/test/journeys/one-assembly.ts',
    },
  ],
};
