// Loaded before the sources of a gateway (BUN_OPTIONS=--preload=…): kills it behind the step of a change that
// CUT_BEHIND names, once the file that CUT_WHEN names is there.
import { existsSync } from 'node:fs'
import { Announcer } from '../../server/control/announcer.ts'
import { Confirmation } from '../../server/control/change/confirmation.ts'
import { FilePart } from '../../server/control/change/file-part.ts'
import { History } from '../../server/control/change/history.ts'
import { RevisionBook } from '../../server/control/change/revision-book.ts'
import { Crew } from '../../server/control/processes/crew.ts'
import { sendSignal } from './processes.ts'

/** In the order in which they come. */
const STEPS = {
  'the old text is held': [Confirmation, 'hold'],
  'the new text stands beside the file': [FilePart, 'stage'],
  'workers are ready': [Crew, 'prepare'],
  'its row is written': [RevisionBook, 'ready'],
  'the file is renamed': [FilePart, 'commit'],
  'workers serve it': [Crew, 'commit'],
  'its number is written': [History, 'commit'],
  'its row counts': [RevisionBook, 'commit'],
  'it is told': [Announcer, 'served'],
} as const

type Method = (this: unknown, ...args: unknown[]) => unknown

const step = process.env['CUT_BEHIND']
if (step !== undefined && Object.hasOwn(STEPS, step)) {
  const [kind, name] = STEPS[step as keyof typeof STEPS]
  const methods = kind.prototype as unknown as Record<string, Method>
  const method = methods[name]
  methods[name] = function (...args) {
    const done = method?.apply(this, args)
    if (!existsSync(process.env['CUT_WHEN'] ?? '')) return done
    if (done instanceof Promise) return done.then(die)
    return die()
  }
}

function die(): never {
  sendSignal(process.pid, 'SIGKILL')
  throw new Error('this is not reached')
}
