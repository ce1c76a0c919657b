import { describe, expect, it } from '@jest/globals';
import { requireJava } from '../../../lib/local/aws/java.ts';

const versions: Record<string, string> = {
  new: 'openjdk version "21.0.4" 2024-07-16',
  just: 'openjdk version "17.0.15" 2025-04-15',
  old: 'openjdk version "11.0.2" 2019-01-15',
  ancient: 'java version "1.8.0_401"',
  stub: 'The operation couldn’t be completed. Unable to locate a Java Runtime.',
};
const require = (...commands: string[]) => requireJava(commands, (command) => versions[command] ?? '');

describe('Java is found', () => {
  it.each([
    ['when it is 17', ['just'], 'just'],
    ['when it is newer', ['new'], 'new'],
    ['behind one that is too old', ['missing', 'ancient', 'old', 'new'], 'new'],
  ])('%s', (_, commands, expected) => {
    expect(require(...commands)).toBe(expected);
  });
});

describe('without Java 17, one line says what to install', () => {
  const install =
    'install it on Debian with `apt install openjdk-17-jre-headless`, on macOS with `brew install openjdk@17`, on Windows with `winget install EclipseAdoptium.Temurin.17.JRE`';
  it.each([
    ['when there is none', ['missing', 'stub'], 'there is none'],
    ['when it is too old', ['old'], 'this is 11.0.2'],
    ['when it is of the old counting', ['ancient'], 'this is 1.8.0_401'],
  ])('%s', (_, commands, there) => {
    expect(() => require(...commands)).toThrow(
      new Error(`DynamoDB Local needs Java 17 or newer, and ${there}: ${install}`),
    );
  });
});
