# debug.gdb - what `make debug` has gdb do once it is connected to the stopped machine
#
# The processor starts in 16-bit mode and enters the kernel in 32-bit mode; gdb is told to speak of the 64-bit
# registers throughout, as the emulator does, and the first stop is in the first C function, where that is true.
# A hardware breakpoint compares addresses only, so it can wait for an address that no page table maps yet.
set confirm off
set pagination off
set architecture i386:x86-64
set print pretty on
set python print-stack none
source tools/gdb/pagewalk.py
thbreak x86_start
continue
