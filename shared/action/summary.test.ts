import { describe, expect, test } from '@jest/globals';
import { Redactor } from '../base/redactor.js';
import { redacted } from './redacted.js';
import { DEPLOYED, ROLLED_BACK } from './sample-result.js';
import { deploySummary, refusalSummary } from './summary.js';

const words = { version: 'v1.4.2', actor: 'octo_cat', reason: '', url: undefined };

describe('the summary', () => {
  test('of a deploy', () => {
    expect(deploySummary(DEPLOYED, { ...words, reason: 'fix #12', url: 'https://shop.example' }))
      .toBe(`### ✅ shop on deploy&#64;203.0.113.7: release <code>20261122T021103Z-3f2a1c9</code> is deployed and healthy

version <code>v1.4.2</code> · by octo&#95;cat · took 12.3 s · longest downtime 1.2 s (web) · https://shop.example · reason: fix &#35;12

| service | action | why | image |
| --- | --- | --- | --- |
| web | recreated | image; env: LOG&#95;LEVEL | <code>ghcr.io/acme/shop&#64;sha256:aaaaaaaaaaaa</code> → <code>ghcr.io/acme/shop&#64;sha256:bbbbbbbbbbbb</code> |
| nginx | restarted | mounted files: nginx/nginx.conf |  |
| mailer | created | new | <code>mail:1</code> |

Untouched: <code>db</code>, <code>redis</code>

- Files: changed <code>docker-compose.yml</code>, <code>nginx/nginx.conf</code>; gone <code>old.conf</code>
- Variables: new <code>NEW&#95;KEY</code>; changed <code>LOG&#95;LEVEL</code>
- Volumes: new <code>media</code>
- Hooks: <code>before-switch: run web: python manage.py migrate</code>

**Warnings**
- web takes 10 s to stop: it ignores SIGTERM

<details><summary>Images</summary>

| service | image | ID |
| --- | --- | --- |
| web | <code>ghcr.io/acme/shop&#64;sha256:${'b'.repeat(64)}</code> | <code>sha256:${'c'.repeat(64)}</code> |

</details>

<details><summary>Time: 12.3 s</summary>

| phase | time |
| --- | --- |
| connect | 480 ms |
| fetch | 6.2 s |
| switch | 2.4 s |

1 connection, 9 sessions.

</details>
`);
  });

  test('of a return: cause first, its last lines fenced, then the host', () => {
    const text = deploySummary(ROLLED_BACK, words);
    expect(text.slice(0, text.indexOf('\n\n| service'))).toBe(
      `### ❌ shop on deploy&#64;203.0.113.7: the deploy failed and was taken back; release <code>20261121T100000Z-aaaaaaa</code> serves

version <code>v1.4.2</code> · by octo&#95;cat · took 12.3 s · longest downtime 1.2 s (web)

**Cause** (health): web is unhealthy after 20 s: &#60;b&#62;GET&#60;/b&#62; /health said 503<br>hook&#95;a&#124;b &#42;failed&#42;

\`\`\`\`text
Error: no such column "total"
\`\`\`
</details><img src=x onerror=alert(1)> @everyone #1
\`\`\`\`

**The host now**: release 20261121T100000Z-aaaaaaa serves again, checked by image ID`,
    );
    expect(text).toContain('| web | recreate | image;');
  });

  test('of a first deploy that failed names the volumes that are left', () => {
    const text = deploySummary(
      {
        ...ROLLED_BACK,
        verdict: 'failed',
        previousRelease: undefined,
        servingRelease: undefined,
        volumesLeft: ['shop_data'],
      },
      words,
    );
    expect(text).toMatch(/^### ❌ shop on deploy&#64;203.0.113.7: the deploy failed\n/);
    expect(text).toContain('**Volumes left**: this first deploy created <code>shop&#95;data</code>.');
  });

  test('of a plan, and of nothing to do', () => {
    const planned = deploySummary({ ...DEPLOYED, verdict: 'planned', downtime: undefined, downtimes: {} }, words);
    expect(planned).toMatch(/^### 📋 shop on deploy&#64;203.0.113.7: the plan of a deploy; nothing was changed\n/);
    expect(planned).toContain('| web | recreate |');
    const recovered = deploySummary(
      { ...DEPLOYED, verdict: 'unchanged', recovered: ['release x was taken back'] },
      words,
    );
    expect(recovered).not.toContain('nothing was touched');
    expect(recovered).toContain('; what an earlier run had left was put right first\n');
    expect(recovered).toContain('**Recovered**\n- release x was taken back');
    const unchanged = deploySummary({ ...DEPLOYED, verdict: 'unchanged', downtime: undefined, downtimes: {} }, words);
    expect(unchanged).toContain(
      'unchanged, release <code>20261122T021103Z-3f2a1c9</code> serves as before and nothing was touched',
    );
    expect(unchanged).not.toContain('| service | action |');
  });

  test('of bad input', () => {
    expect(
      refusalSummary(
        [{ file: 'homeport.yml', line: 3, column: 1, message: 'unknown key "pth"' }],
        'Nothing was changed',
      ),
    ).toBe('### ❌ Nothing was changed\n\n- homeport.yml:3:1: unknown key &#34;pth&#34;\n');
  });

  test('stays below what GitHub takes, and below what it would drop as a whole', () => {
    const line = 'x'.repeat(1000);
    const services = Array.from({ length: 5000 }, (_, at) => [`s${at}`, { reference: line, id: line }] as const);
    const text = deploySummary(
      {
        ...ROLLED_BACK,
        images: Object.fromEntries(services),
        failure: {
          phase: 'health',
          message: 'm',
          hostState: 'h',
          problems: [],
          lastLines: Array(5000).fill(line) as string[],
        },
      },
      words,
    );
    expect(Buffer.byteLength(text)).toBeLessThan(1_048_576);
    expect(text).toContain('**The host now**: h');
    expect(text).toContain('More does not fit here');
  });
});

test('a result is redacted everywhere, names of fields too', () => {
  const redactor = new Redactor();
  redactor.add('hunter22');
  const value = { a: ['x hunter22'], 'k-hunter22': { b: 'hunter22', c: 1, d: undefined, e: null, f: true } };
  expect(redacted(value, redactor)).toEqual({
    a: ['x ***'],
    'k-***': { b: '***', c: 1, d: undefined, e: null, f: true },
  });
});
