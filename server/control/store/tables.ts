// What state.db holds: the closed list of its tables.
import type { Table } from './table.ts'

export const TABLES: readonly Table[] = []
