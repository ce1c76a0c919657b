import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's environment of Node, with globals that cost what they cost elsewhere: in the context that Jest makes for a file,
 * every `Math` or `Object` goes through an interceptor and takes fifty times as long, a third of what the tests took.
 */
export default class PlainEnvironment extends TestEnvironment {
  constructor(...known: ConstructorParameters<typeof TestEnvironment>) {
    // Jest has no setting for it, so that it gets the other kind of context where it asks for its own.
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...known);
    } finally {
      vm.createContext = createContext;
    }
  }
}
