/** What commands can ask for; the implementations are imported only when asked for. */
export interface Composition {
  readonly placeholder?: never;
}
