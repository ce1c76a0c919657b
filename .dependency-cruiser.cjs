/** Who may import whom: docs/architecture.md says why. */

const MANIFESTS = '^lib/connectors/(manifests|contract|channels)[.]ts$|^lib/connectors/[^/]+/manifest[.]ts$';

/** What members are told, which is tried out before it is built: its types, and the one that tries. */
const WORDS = ['^lib/loyalty/(events|message-words)[.]ts$', '^lib/runtime/messages/faults[.]ts$'];

/** `from` may import, of our own folders, only what `to` matches (and itself). */
const only = (name, comment, from, ...to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: {
    path: '^(bin|functions|lib|merchants|portal|scripts|test)/',
    pathNot: to,
  },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one idea in two places.',
      severity: 'error',
      from: {},
      // A circle of types alone is gone when the code runs.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-unresolved',
      comment: 'The file or package is not there.',
      severity: 'error',
      from: {},
      // Lambda's own words are types without a package.
      to: { couldNotResolve: true, pathNot: '^aws-lambda$' },
    },
    {
      name: 'nobody-imports-functions',
      comment:
        'functions/ starts: it is where imports begin. The build and the tests name its files, and their own tests may import them.',
      severity: 'error',
      from: { pathNot: '^(functions|test/functions|test/journeys|test/bench)/' },
      to: { path: '^functions/' },
    },
    {
      name: 'local-is-for-bin-and-tests',
      comment: 'What runs on one machine is no part of what is deployed.',
      severity: 'error',
      from: { pathNot: '^(lib/local|bin|test|scripts)/' },
      to: { path: '^lib/local/' },
    },
    {
      name: 'production-has-no-dev-dependencies',
      comment: 'What a function bundles stands under dependencies.',
      severity: 'error',
      from: { path: '^(functions|lib/(loyalty|runtime|connectors))/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'loyalty-is-pure',
      comment: 'lib/loyalty decides: no AWS, no input or output, no clock. Of packages it knows zod and the calendar.',
      severity: 'error',
      from: { path: '^lib/loyalty/' },
      to: {
        pathNot: ['^lib/loyalty/', '^node_modules/(zod|temporal-polyfill|temporal-spec|temporal-utils)/', '^crypto$'],
      },
    },
    only(
      'functions',
      'functions/ are thin: they start what runtime, loyalty and connectors do.',
      '^functions/',
      '^functions/',
      '^lib/(runtime|loyalty|connectors)/',
    ),
    only(
      'runtime',
      'lib/runtime remembers; of connectors it knows the contract and the kit.',
      '^lib/runtime/',
      '^lib/(runtime|loyalty)/',
      '^lib/connectors/contract[.]ts$',
      '^lib/connectors/kit/',
    ),
    {
      name: 'a-connector-stands-alone',
      comment: 'A connector knows itself, the kit, the contract, and our words.',
      severity: 'error',
      from: { path: '^lib/connectors/([^/]+)/', pathNot: '^lib/connectors/kit/' },
      to: {
        path: '^(bin|functions|lib|merchants|portal|scripts|test)/',
        pathNot: ['^lib/connectors/$1/', '^lib/connectors/kit/', '^lib/connectors/contract[.]ts$', '^lib/loyalty/'],
      },
    },
    only(
      'kit',
      'The kit serves connectors: it knows the contract, and none of them.',
      '^lib/connectors/kit/',
      '^lib/connectors/kit/',
      '^lib/connectors/contract[.]ts$',
      '^lib/loyalty/',
    ),
    {
      name: 'cloud-builds-from-manifests',
      comment: 'lib/cloud reads of connectors what is data. Their code would come into every synth.',
      severity: 'error',
      from: { path: '^lib/cloud/' },
      to: {
        path: '^(bin|functions|lib|merchants|portal|scripts|test)/',
        pathNot: ['^lib/cloud/', '^merchants/', MANIFESTS, '^lib/runtime/config[.]ts$', ...WORDS],
      },
    },
    {
      name: 'cloud-takes-a-type-of-runtime',
      comment: 'Only what merchant.json looks like, and what tries out the texts in a merchant’s file.',
      severity: 'error',
      from: { path: '^lib/cloud/' },
      to: { path: '^lib/runtime/', pathNot: WORDS, dependencyTypesNot: ['type-only'] },
    },
    only(
      'merchants',
      'A merchant’s file chooses: manifests, and the words of the program.',
      '^merchants/',
      '^merchants/',
      MANIFESTS,
      '^lib/loyalty/',
    ),
    {
      name: 'bin-knows-manifests-only',
      comment: 'The commands read of connectors what is data. One of them tries credentials, as a function would.',
      severity: 'error',
      from: { path: '^bin/', pathNot: '^bin/vendor-check[.]ts$' },
      to: { path: '^lib/connectors/', pathNot: [MANIFESTS] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
