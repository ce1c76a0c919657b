/** Something that whoever typed the command can mend. The message says what and how; its stack helps nobody. */
export class Fault extends Error {
  override readonly name = 'Fault';
}
