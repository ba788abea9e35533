/** What a thing's state means to the operator; each has one shape and one colour over the whole product. */
export type State = 'up' | 'warn' | 'down' | 'drain' | 'maint' | 'unk' | 'draft'
