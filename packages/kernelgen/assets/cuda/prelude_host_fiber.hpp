// Fibers: threads of a kernel that the host runs one at a time and switches between by hand, each on a stack of its
// own.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define KERNELGEN_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KERNELGEN_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(KERNELGEN_ADDRESS_SANITIZER)
#include <sanitizer/common_interface_defs.h>
#define KERNELGEN_NOT_ADDRESS_SANITIZED __attribute__((noinline, no_sanitize_address))
#else
#define KERNELGEN_NOT_ADDRESS_SANITIZED __attribute__((noinline))
#endif

// On x86-64 a switch is a dozen instructions; elsewhere, or with KERNELGEN_USE_UCONTEXT defined, swapcontext does it,
// which also asks the system for the signal mask.
#if defined(__x86_64__) && !defined(KERNELGEN_USE_UCONTEXT)
#define KERNELGEN_SWITCH_BY_HAND 1
#else
#include <ucontext.h>
#endif

namespace kernelgen {
namespace host {

/** Bytes of a fiber's stack; its pages are taken from the system when first touched. */
constexpr std::size_t stackBytes = 256 * 1024;

/** What printf would print. */
inline std::string format_list(const char* message, std::va_list arguments) {
  std::va_list again;
  va_copy(again, arguments);
  std::string text(static_cast<std::size_t>(std::vsnprintf(nullptr, 0, message, again)), '\0');
  va_end(again);
  std::vsnprintf(text.data(), text.size() + 1, message, arguments);
  return text;
}

__attribute__((format(printf, 1, 2))) inline std::string format(const char* message, ...) {
  std::va_list arguments;
  va_start(arguments, message);
  std::string text = format_list(message, arguments);
  va_end(arguments);
  return text;
}

/** Prints the message and ends the program: the host's answer to every misuse that it finds. */
[[noreturn]] __attribute__((format(printf, 1, 2))) inline void end_program(const char* message, ...) {
  std::va_list arguments;
  va_start(arguments, message);
  const std::string text = format_list(message, arguments);
  va_end(arguments);
  std::fflush(stdout);
  std::fprintf(stderr, "kernelgen host: %s\n", text.c_str());
#if defined(KERNELGEN_ADDRESS_SANITIZER)
  __sanitizer_print_stack_trace();
#endif
  std::fflush(stderr);
  std::_Exit(70);  // EX_SOFTWARE; not std::exit, whose handlers expect the program's own stack
}

/** A stack and the place where its owner stopped. The scheduler's own is the program's stack. */
struct Context {
  unsigned char* stackBottom = nullptr;
#if defined(KERNELGEN_SWITCH_BY_HAND)
  void* stackPointer = nullptr;
#else
  ucontext_t machine;
#endif
#if defined(KERNELGEN_ADDRESS_SANITIZER)
  const void* sanitizerStackBottom = nullptr;
  std::size_t sanitizerStackBytes = 0;
  void* sanitizerFakeStack = nullptr;
#endif
};

#if defined(KERNELGEN_SWITCH_BY_HAND)
/** Pushes the registers that a call preserves, stores the stack pointer in *save, loads `load` and pops them from
 * there. */
__attribute__((naked, noinline, used)) inline void switch_stack(void** /*save*/, void* /*load*/) {
  asm volatile(
      "pushq %rbp\n\t"
      "pushq %rbx\n\t"
      "pushq %r12\n\t"
      "pushq %r13\n\t"
      "pushq %r14\n\t"
      "pushq %r15\n\t"
      "movq %rsp, (%rdi)\n\t"
      "movq %rsi, %rsp\n\t"
      "popq %r15\n\t"
      "popq %r14\n\t"
      "popq %r13\n\t"
      "popq %r12\n\t"
      "popq %rbx\n\t"
      "popq %rbp\n\t"
      "ret\n\t");
}
#endif

/** Lets `context` begin with `entry` on a fresh stack; `entry` never returns. */
inline void prepare_context(Context& context, unsigned char* stackBottom, void (*entry)()) {
  context.stackBottom = stackBottom;
#if defined(KERNELGEN_ADDRESS_SANITIZER)
  context.sanitizerStackBottom = stackBottom;
  context.sanitizerStackBytes = stackBytes;
  context.sanitizerFakeStack = nullptr;
#endif
#if defined(KERNELGEN_SWITCH_BY_HAND)
  // What switch_stack pops: six registers (a frame pointer of 0 ends back traces), the entry's address, and above it a
  // return address of 0, so that the entry finds the stack aligned as after a call.
  void** top = reinterpret_cast<void**>(stackBottom + stackBytes);
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(entry);
  for (int saved = 0; saved < 6; saved += 1) *--top = nullptr;
  context.stackPointer = top;
#else
  getcontext(&context.machine);
  context.machine.uc_stack.ss_sp = stackBottom;
  context.machine.uc_stack.ss_size = stackBytes;
  context.machine.uc_link = nullptr;
  makecontext(&context.machine, entry, 0);
#endif
}

/** Stops here as `from` and goes on as `to`; with `fromEnds` this place is never come back to. */
KERNELGEN_NOT_ADDRESS_SANITIZED inline void switch_context(Context& from, Context& to, bool fromEnds) {
#if defined(KERNELGEN_ADDRESS_SANITIZER)
  __sanitizer_start_switch_fiber(fromEnds ? nullptr : &from.sanitizerFakeStack, to.sanitizerStackBottom,
                                 to.sanitizerStackBytes);
#else
  static_cast<void>(fromEnds);
#endif
#if defined(KERNELGEN_SWITCH_BY_HAND)
  switch_stack(&from.stackPointer, to.stackPointer);
#else
  swapcontext(&from.machine, &to.machine);
#endif
#if defined(KERNELGEN_ADDRESS_SANITIZER)
  __sanitizer_finish_switch_fiber(from.sanitizerFakeStack, nullptr, nullptr);
#endif
}

/** The first thing that a fiber does: tells the address sanitizer that it has begun, and learns the scheduler's stack
 * from it. */
KERNELGEN_NOT_ADDRESS_SANITIZED inline void begin_context(Context& scheduler) {
#if defined(KERNELGEN_ADDRESS_SANITIZER)
  __sanitizer_finish_switch_fiber(nullptr, &scheduler.sanitizerStackBottom, &scheduler.sanitizerStackBytes);
#else
  static_cast<void>(scheduler);
#endif
}

/** Stacks that launches reuse; below each lies a page that no one may touch, so that an overflow ends the program. */
class StackPool {
 public:
  /** The bottom (lowest address) of a stack. */
  unsigned char* take() {
    if (free_.empty()) allocate();
    unsigned char* stackBottom = free_.back();
    free_.pop_back();
    return stackBottom;
  }

  void give_back(unsigned char* stackBottom) { free_.push_back(stackBottom); }

 private:
  void allocate() {
    const std::size_t guardBytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* memory = mmap(nullptr, guardBytes + stackBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, guardBytes, PROT_NONE) != 0) {
      end_program(
          "no memory for the stack of a thread, %zu are alive at once (vm.max_map_count allows about half its number): "
          "launch a smaller grid",
          count_ + 1);
    }
    count_ += 1;
    free_.push_back(static_cast<unsigned char*>(memory) + guardBytes);
  }

  std::vector<unsigned char*> free_;
  std::size_t count_ = 0;
};

}  // namespace host
}  // namespace kernelgen
