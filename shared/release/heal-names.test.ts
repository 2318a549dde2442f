/** The function that gives names back, under each shell, with an engine that is a folder: a file per container, called by its id. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EACH_SHELL } from '../../test/support/script-host.js';
import { HEAL_NAMES, ownName } from './heal-names.js';

const OLD = '0123456789ab';
const NEW = 'ba9876543210';

/** `name|status|service-number|replace`, as the function asks for them. */
type Containers = Readonly<Record<string, string>>;

const ENGINE = String.raw`
docker() {
  case $1 in
    ps) for id in *; do test "$id" = '*' || echo "$id|$(cat "$id")"; done ;;
    rename) grep -q "^$3|" * && return 1; echo "$3|$(cut -d'|' -f2- "$2")" >"$2.new" && mv "$2.new" "$2" ;;
    inspect) for last; do :; done; echo "/$(cut -d'|' -f1 "$last")" ;;
    rm) rm "$2" ;;
    stop) echo "$(cut -d'|' -f1 "$2")|Exited|$(cut -d'|' -f3- "$2")" >"$2.new" && mv "$2.new" "$2" ;;
  esac
}`;

function healed([command = '', ...args]: readonly string[], how: string, containers: Containers): Containers {
  const folder = mkdtempSync(join(tmpdir(), 'homeport-names-'));
  try {
    for (const [id, text] of Object.entries(containers)) writeFileSync(join(folder, id), `${text}\n`);
    const text = `set -u; project=shop\n${ENGINE}\n${HEAL_NAMES.text}\nheal_names ${how}`;
    const { status, stderr } = spawnSync(command, [...args, '-c', text], { cwd: folder, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const found = readdirSync(folder).map((id) => [id, readFileSync(join(folder, id), 'utf8').trim()]);
    return Object.fromEntries(found) as Containers;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each(EACH_SHELL)('under $name', ({ shell }) => {
  test.each(['whole', 'free'])('a name that is free is given back (%s)', (how) => {
    expect(healed(shell, how, { [NEW]: `${OLD}_shop-db-1|Created|db-1|db-1` })).toEqual({
      [NEW]: 'shop-db-1|Created|db-1|db-1',
    });
    // A name of the user's own, of which an older Compose notes no more than whom it replaces.
    expect(healed(shell, how, { [NEW]: `${OLD}_its name|Up 1 second|db-1|${OLD}4567` })).toEqual({
      [NEW]: `its name|Up 1 second|db-1|${OLD}4567`,
    });
    // As an older Compose, or a stop of ours, left the one that was there before.
    expect(healed(shell, how, { [OLD]: `${OLD}_shop-db-1|Up 1 second|db-1|` })).toEqual({
      [OLD]: 'shop-db-1|Up 1 second|db-1|',
    });
  });

  test('a replacement that never ran goes, and what Compose had told to stop has stopped', () => {
    const containers = {
      [OLD]: 'shop-db-1|Up 2 minutes|db-1|',
      [NEW]: `${OLD}_shop-db-1|Created|db-1|db-1`,
    };
    expect(healed(shell, 'whole', containers)).toEqual({ [OLD]: 'shop-db-1|Exited|db-1|' });
    expect(healed(shell, 'free', containers)).toEqual(containers);
  });

  test('what ran, what replaces another one, and what is called so by a person stays', () => {
    const containers = {
      [OLD]: 'shop-db-1|Up 2 minutes|db-1|',
      [NEW]: `${OLD}_shop-db-1|Exited (0) 1 second ago|db-1|db-1`,
      aaaaaaaaaaaa: 'bbbbbbbbbbbb_shop-db-1|Created|db-1|db-1',
      cccccccccccc: 'cccccccccccc_tool|Created|tool-1|',
      dddddddddddd: 'shop-web_2|Up|web-2|',
      eeeeeeeeeeee: 'shop_one|Up|web-1|',
    };
    expect(healed(shell, 'whole', containers)).toEqual(containers);
  });
});

test('what a container is called once nothing is half replaced', () => {
  expect(['shop-db-1', `${OLD}_shop-db-1`, 'their_db', `${OLD}-x`].map(ownName)).toEqual([
    'shop-db-1',
    'shop-db-1',
    'their_db',
    `${OLD}-x`,
  ]);
});
