// The styles of tables: as rows, and as cards where it is narrow, which are read behind those.
import { bothOf } from './classes.ts'
import rows from './table.module.css'
import cards from './table-cards.module.css'

export const css = bothOf(rows, cards)
