const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Keywords and reserved words of C++ (ISO 14882, [lex.key]), WGSL (sections 15.1 and 16.1 of the specification) and Python (`keyword.kwlist`). */
const keywords = words(`
  NULL Self abstract active alias alignas alignof and and_eq as asm asm_fragment assert async attribute auto await become bitand bitor bool
  break case cast catch char char16_t char32_t char8_t class co_await co_return co_yield coherent column_major common compile
  compile_fragment compl concept const const_assert const_cast consteval constexpr constinit continue continuing crate debugger decltype def
  default del delete demote demote_to_helper diagnostic discard do double dynamic_cast elif else enable enum except explicit export extends
  extern external fallthrough False false filter final finally float fn for friend from fxgroup get global goto groupshared highp if impl
  implements import in inline instanceof int interface is lambda layout let long loop lowp macro macro_rules match mediump meta mod module
  move mut mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent None nonlocal noperspective not not_eq null
  nullptr of operator or or_eq override package packoffset partial pass patch pixelfragment precise precision premerge priv private
  protected pub public raise readonly ref regardless register reinterpret_cast require requires resource restrict return self set shared
  short signed sizeof smooth snorm static static_assert static_cast std struct subroutine super switch target template this thread_local
  throw trait True true try type typedef typeid typename typeof union unless unorm unsafe unsigned unsized use using var varying virtual void
  volatile wchar_t wgsl where while with writeonly xor xor_eq yield
`);

/** What generated functions call in their bodies, and their parameters. */
const used = words(`
  abs exp exp_approx divide_approx log log_approx log_sigmoid log_sigmoid_accurate log_sigmoid_relative max maximum select sigmoid sigmoid_accurate tanh
  tanh_accurate tanh_fast tanh_stable torch
  adjoint adjoints d_state d_u following limit previous saved state step_decay step_forget step_update u
`);

/** Words that no variable of generated source may be called, in any of its languages. */
export const sourceWords: ReadonlySet<string> = new Set([...keywords, ...used]);
