// What those who make changes ask of a running supervisor.
import { ChangeFacts } from './change/change-facts.ts'
import { type Known, serverFacts } from './facts.ts'
import { openBook } from './open-book.ts'

/** What a running supervisor knows for those who make changes. */
export const changeFactsOf = (
  known: Pick<Known, 'running' | 'board' | 'reasons' | 'certificates' | 'store' | 'changes'> & {
    readonly options: { readonly file: string }
  },
): ChangeFacts =>
  new ChangeFacts({
    file: () => known.options.file,
    source: { check: (given) => known.changes.check(given) },
    served: () => known.running,
    book: () => {
      const { store, changes, options } = known
      return openBook({ store, book: changes.book, file: options.file, served: () => known.running })
    },
    inFlight: () => {
      const slots = new Map(serverFacts(known).map((one) => [`${one.backend} ${one.server}`, one.slot]))
      return (backend, server) => {
        const slot = slots.get(`${backend} ${server}`)
        return slot === undefined ? 0 : known.board.inFlight(slot)
      }
    },
  })
