/**
 * What a session on a host runs. The ssh command is only `exec /bin/sh`; this text goes to its standard input, so nothing
 * of a script is ever in an argv (it reaches the script's own sh in its environment, which only the same user can read).
 *
 * How it works. The whole program is one `{ … }`: the shell has parsed it all before it runs the first word of it, so
 * whatever comes later on standard input, the channel, belongs to us.
 * - `<nonce>:begin` on both streams: what a `.bashrc` printed before is not the script's output, and the payload may come.
 *   It must not come earlier: shells read their program in blocks.
 * - The shell of the program leads its process group (sshd and node begin a session for it), the script runs in it. A
 *   watcher reads the channel; when that ends, because of an abort, a dead runner or a lost connection, it ends the group:
 *   TERM, after two seconds KILL.
 * - `<nonce>:<status>` on both streams when the script is over: what is said on them later is a left-over child's. The
 *   watcher is gone by then: our closing the channel must not end those whom the script left behind.
 * - With a payload the watcher reads frames (`<bytes>\n` and as many bytes; `.` at its end; `bye` after the script) and
 *   hands them on through a pipe. So a lost connection is never taken for the payload's end: the script is ended before its
 *   standard input is. `dd` with `fullblock` reads exactly a frame; `head -c` of busybox would read more.
 */
import { sh, type ShellText } from './shell-text.js';

export interface ProgramOptions {
  /** 32 hexadecimal digits, new for each session. */
  readonly nonce: string;
  readonly script: ShellText;
  readonly payload: boolean;
  /** Find out first whether the shell leads its process group; if not, say `<nonce>:group` and do nothing. */
  readonly checkGroup: boolean;
  /** Of the script. */
  readonly shell: string;
}

/** A script with its exit status in band, ended when the channel ends. */
export function runProgram(options: ProgramOptions): ShellText {
  const { nonce } = options;
  return sh`{ exec 3<&0 4>&2 </dev/null 2>/dev/null
${options.checkGroup ? groupCheck(nonce) : sh`:`}
echo ${nonce}:begin >&4; echo ${nonce}:begin
${options.payload ? withPayload(options) : withoutInput(options)}
exit 0; }
`;
}

/** A command that talks over the channel itself; over when its standard input ends. */
export function duplexProgram(nonce: string, script: ShellText, shell: string): ShellText {
  return sh`{ echo ${nonce}:begin >&2; echo ${nonce}:begin
export ${assignments(script)}
exec ${shell} -c ${evaluation(script)}; }
`;
}

function withoutInput(options: ProgramOptions): ShellText {
  return sh`a=; trap a=1 TERM
(trap '' TERM; while read -r l; do :; done; ${END_GROUP}) <&3 >/dev/null 4>&- & w=$!
${scriptCall(options)}
r=$?
[ -n "$a" ] || kill -KILL "$w"
${status(options.nonce)}`;
}

function withPayload(options: ProgramOptions): ShellText {
  return sh`trap : TERM
{ trap '' TERM; while read -r n; do case $n in
.) exec >/dev/null;;
bye) exit 0;;
''|*[!0-9]*) echo ${options.nonce}:frame >&4;;
*) dd bs="$n" count=1 iflag=fullblock || exec >/dev/null;;
esac; done; exec 4>&-; ${END_GROUP}; } <&3 | {
trap : TERM
${scriptCall(options)}
r=$?
${status(options.nonce)}
}`;
}

const END_GROUP = sh`kill -TERM 0; sleep 2; kill -KILL 0`;

function scriptCall({ script, shell }: ProgramOptions): ShellText {
  return sh`${assignments(script)} ${shell} -c ${evaluation(script)} 2>&4 3<&- 4>&-`;
}

function status(nonce: string): ShellText {
  return sh`echo ${nonce}:$r >&4; echo ${nonce}:$r`;
}

/** Without `/proc` (macOS, FreeBSD) nothing can be read cheaply, and it is OpenSSH's sshd there, which does the right thing. */
function groupCheck(nonce: string): ShellText {
  return sh`if [ -r /proc/$$/stat ]; then read -r x x x x g x </proc/$$/stat; [ "$g" = $$ ] || { echo ${nonce}:group >&4; exit 0; }; fi`;
}

/** The kernel takes at most 128 KiB in one variable, and a character may be four bytes. */
const PIECE = /[^]{1,30000}/gu;
const VARIABLES = [
  [sh`HOMEPORT_1`, sh`HOMEPORT_2`, sh`HOMEPORT_3`, sh`HOMEPORT_4`, sh`HOMEPORT_5`, sh`HOMEPORT_6`, sh`HOMEPORT_7`],
  [sh`HOMEPORT_8`, sh`HOMEPORT_9`, sh`HOMEPORT_10`, sh`HOMEPORT_11`, sh`HOMEPORT_12`, sh`HOMEPORT_13`, sh`HOMEPORT_14`],
].flat();

function assignments(script: ShellText): ShellText[] {
  const pieces = script.text.match(PIECE) ?? [''];
  return pieces.map((piece, index) => {
    const name = VARIABLES[index];
    if (name === undefined)
      throw new Error(`A script of ${script.text.length} characters is too long: ship it as a file.`);
    return sh`${name}=${piece}`;
  });
}

function variables(script: ShellText): ShellText[] {
  return VARIABLES.slice(0, assignments(script).length);
}

/** The variables are gone before the script begins: what it starts does not inherit them. */
function evaluation(script: ShellText): string {
  const names = variables(script).map((name) => name.text);
  return `eval "unset ${names.join(' ')};${names.map((name) => `\${${name}}`).join('')}"`;
}
