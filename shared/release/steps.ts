/**
 * What a switch consists of: steps per service, in order, as data. The switch and its revert are both lists of these,
 * rendered by script.ts; the runner reads the journal by their numbers.
 */
import type { FileSignal } from './file-reaction.js';
import type { ShellText } from '../ssh/shell-text.js';

export interface FileChange {
  /** Relative to the project's path. */
  readonly path: string;
  /** `remove`: it is no longer part of the stack. `keep`: the host's bytes stay. */
  readonly change: 'write' | 'remove' | 'keep';
  /** The release whose bytes the containers have, though someone has changed the file since. */
  readonly shippedBy?: string;
  /** A container goes on with the very file that it mounts: after a rename it would have the old one. */
  readonly inPlace?: true;
}

/** Points a name at an image ID: an image serves under the compose file's own name. */
export interface Retag {
  readonly reference: string;
  /** `undefined`: the name did not exist, and goes. */
  readonly id: string | undefined;
}

/** A container by its id, and what it is called from then on. */
export interface Renamed {
  readonly id: string;
  readonly name: string;
}

export type Step =
  | { readonly kind: 'install'; readonly changes: readonly FileChange[] }
  /** `as`: with the bytes of just before the switch, or with those that the serving release had shipped where they differ. */
  | { readonly kind: 'restore'; readonly changes: readonly FileChange[]; readonly as: 'before' | 'shipped' }
  | {
      readonly kind: 'stop';
      readonly service: string;
      readonly containers: readonly string[];
      /** What another service's container is to be called: these get out of its way. */
      readonly renamed?: readonly Renamed[];
    }
  /** Stops whatever containers the service has by then. */
  | { readonly kind: 'stop-service'; readonly service: string }
  | {
      readonly kind: 'start';
      readonly service: string;
      readonly containers: readonly string[];
      /** Their names of before, which a stop may have taken. */
      readonly renamed?: readonly Renamed[];
    }
  | { readonly kind: 'retag'; readonly retags: readonly Retag[] }
  | {
      readonly kind: 'up';
      readonly services: readonly string[];
      readonly retags: readonly Retag[];
      /** Also when nothing but a mounted file changed. */
      readonly force: boolean;
      /** Created and not started: a finished one-shot of the release that is returned to must not run again. */
      readonly createOnly: boolean;
    }
  | { readonly kind: 'restart'; readonly service: string; readonly containers: readonly string[] }
  /** What runs is told to read its files again. */
  | {
      readonly kind: 'signal';
      readonly service: string;
      readonly containers: readonly string[];
      /** It reads them again for the addresses of these services, and its files are as they were. */
      readonly follows?: readonly string[];
      readonly signal: FileSignal;
    }
  /** New files are judged in a container of their own, before anything is changed. */
  | {
      readonly kind: 'test';
      readonly service: string;
      readonly words: string;
      readonly command: ShellText;
      readonly seconds: number;
      readonly container: string;
      readonly mountPoints: readonly string[];
      /** Whether an image that does not have the program may go without. */
      readonly byDefault: boolean;
    }
  | {
      readonly kind: 'wait';
      readonly service: string;
      readonly condition: 'healthy' | 'completed';
      readonly seconds: number;
    }
  | { readonly kind: 'remove-service'; readonly service: string }
  /** Of a service that has more containers than these names, those that are too many and called otherwise. */
  | { readonly kind: 'remove-replicas'; readonly service: string; readonly names: readonly string[] }
  | { readonly kind: 'remove-network'; readonly network: string }
  /** The service's container of this name is called something else from then on, until its `up` makes another. */
  | { readonly kind: 'free-name'; readonly service: string; readonly name: string }
  /** What is attached has stopped before; a network that is in use all the same is a failure. */
  | { readonly kind: 'drop-network'; readonly network: string }
  /** What a Compose that died left half replaced. */
  | { readonly kind: 'heal-names' }
  /** One-off containers that hooks left, by what their names begin with. */
  | { readonly kind: 'remove-hooks'; readonly names: string }
  | {
      readonly kind: 'hook';
      readonly title: string;
      readonly command: ShellText;
      readonly seconds: number;
      /** Files that the host does not have yet and that are mounted into the hook's container: relative to the project's path. */
      readonly mountPoints?: readonly string[];
      /** The one-off container of a `run`: who ends the client does not end what it started. */
      readonly container?: string;
      /** On the way back: its failure is told, and fails nothing. */
      readonly again?: true;
      /** The same command with a limit of its own inside the service, and whether that can be had there. */
      readonly inside?: { readonly service: string; readonly possible: ShellText; readonly command: ShellText };
    };

export interface NumberedStep {
  /** Counted from 1 in its script; the journal's. */
  readonly number: number;
  readonly step: Step;
  /** A revert's step that is only due when the switch had begun this one of its own. */
  readonly onlyIfBegun?: number;
}

/** What a step does, in the words of the log and the journal. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'install':
      return `install ${count(step.changes.filter(({ change }) => change !== 'keep').length, 'file')}`;
    case 'restore':
      return `put back ${count(step.changes.length, 'file')}`;
    case 'stop':
    case 'stop-service':
      return `stop ${step.service}`;
    case 'start':
      if (step.containers.length === 0) return `name ${step.service} as before`;
      return `start ${step.service}`;
    case 'retag':
      return `name ${count(step.retags.length, 'image')}`;
    case 'up':
      return `${step.createOnly ? 'create' : 'up'} ${step.services.join(' ')}`;
    case 'restart':
      return `restart ${step.service}`;
    case 'signal':
      return `signal ${step.signal.name} to ${step.service}`;
    case 'test':
      return `test the new files of ${step.service} (${step.words})`;
    case 'wait':
      return `wait until ${step.service} is ${step.condition}`;
    case 'remove-replicas':
      return `as many of ${step.service} as before`;
    case 'remove-service':
      return `remove ${step.service}`;
    case 'free-name':
      return `take the name ${step.name} from ${step.service}`;
    case 'remove-network':
    case 'drop-network':
      return `remove network ${step.network}`;
    case 'heal-names':
      return 'give containers their own names';
    case 'remove-hooks':
      return 'remove what hooks left running';
    case 'hook':
      return `hook ${step.title}${step.again === true ? ', again' : ''}`;
  }
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
