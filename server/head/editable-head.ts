// What requests' and answers' heads share: fields as they came, and changes that are applied when the head is
// written.
import { type Added, Edits, fieldValue, fieldValues } from './edits.ts'
import { Fields } from './fields.ts'

export class EditableHead {
  readonly fields = new Fields()
  edits: Edits | null = null
  version: 10 | 11 = 11
  /** The head's bytes are `fields.bytes[headStart..headEnd)`, the empty line included. */
  headStart = 0
  headEnd = 0

  /** The first field of this lower-case name, edits applied; null for none. */
  get(lower: string): string | null {
    return fieldValue(this.fields, this.edits, lower)
  }

  /** The values of all fields of this lower-case name as they came. */
  values(lower: string): string[] {
    return fieldValues(this.fields, lower)
  }

  set(name: string, value: string): void {
    ;(this.edits ??= new Edits()).set(name, value)
  }

  add(name: string, value: string): void {
    ;(this.edits ??= new Edits()).add(name, value)
  }

  /** `set` and `add` with a field that is the same for many heads. */
  setMade(field: Added): void {
    ;(this.edits ??= new Edits()).setMade(field)
  }

  addMade(field: Added): void {
    ;(this.edits ??= new Edits()).addMade(field)
  }

  remove(name: string): void {
    ;(this.edits ??= new Edits()).remove(name)
  }

  /** Moves it off what it was read from, as more will be read there before its exchange is over. */
  detach(): void {
    const { headStart } = this
    this.fields.detach(headStart, this.readEnd)
    if (headStart > 0) this.moved(headStart)
  }

  /** Where what is known of it ends in the bytes. */
  protected get readEnd(): number {
    return this.headEnd
  }

  /** It begins so many bytes earlier now. */
  protected moved(by: number): void {
    this.headStart -= by
    this.headEnd -= by
  }

  /** Gives back what a head holds only for the time of its exchange. */
  release(): void {
    this.fields.release()
    this.edits = null
  }
}
