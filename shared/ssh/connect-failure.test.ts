import { expect, test } from '@jest/globals';
import { classifyFailure, failureMessage, type FailureKind } from './connect-failure.js';

test.each<[string, FailureKind, string]>([
  ['deploy@h: Permission denied (publickey).', 'denied', 'never'],
  ['Received disconnect from h port 22:2: Too many authentication failures', 'too-many-keys', 'never'],
  ['Host key verification failed.', 'host-key', 'never'],
  [
    'No ED25519 host key is known for [h]:2 and you have requested strict checking.\nHost key verification failed.',
    'host-key',
    'never',
  ],
  ['/tmp/hp/config: line 3: Bad configuration option: compresion', 'options', 'never'],
  ['Unable to negotiate with h port 22: no matching host key type found. Their offer: ssh-rsa', 'algorithms', 'never'],
  ['ssh: Could not resolve hostname h: Name or service not known', 'name', 'soon'],
  ['ssh: connect to host h port 22: Connection refused', 'refused', 'soon'],
  ['ssh: connect to host h port 22: Connection timed out', 'unreachable', 'soon'],
  ['ssh: connect to host h port 22: Operation timed out', 'unreachable', 'soon'],
  ['ssh: connect to host h port 22: No route to host', 'unreachable', 'soon'],
  ['Connection timed out during banner exchange', 'throttled', 'later'],
  ['kex_exchange_identification: read: Connection reset by peer', 'throttled', 'later'],
  ['Connection closed by 203.0.113.7 port 22', 'throttled', 'later'],
  ['ssh: connect to host b port 22: Connection refused\nConnection closed by UNKNOWN port 65535', 'refused', 'soon'],
  ['', 'other', 'later'],
])('%j', (log, kind, retry) => {
  expect(classifyFailure(log, false)).toMatchObject({ kind, retry });
});

test('each cause says what to do', () => {
  const kinds: FailureKind[] = ['denied', 'name', 'refused', 'unreachable', 'throttled', 'algorithms'];
  const context = {
    address: 'u@h',
    identity: { kind: 'key' as const, description: 'key X' },
    certificate: false,
    behindProxy: false,
  };
  for (const kind of kinds) {
    expect(failureMessage({ kind, retry: 'never', said: 'what ssh said' }, context)).toMatch(
      /u@h.*what ssh said.*(?:\?|allow|limits)/,
    );
  }
  expect(classifyFailure('no way\nkex_exchange_identification: Connection closed by remote host', true)).toMatchObject({
    kind: 'proxy',
    said: 'no way',
  });
});
