# make check and make demo: install what is missing first, then build and run in a second make, so
# that nothing is looked for before it is there.

JOBS ?= $(shell nproc)
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: check demo tidy format
check: ## install what is missing, build, run every test
	@tools/bootstrap.sh install check
	@BUILD='$(BUILD)' tools/check.sh

demo: ## install what is missing, build, run the main job (KEEP=1 leaves it running, STEP=1 waits)
	@tools/bootstrap.sh install demo
	@$(SUBMAKE) all
	@BUILD='$(BUILD)' KEEP='$(KEEP)' STEP='$(STEP)' tools/demo.sh

tidy: $(foreach r,$(ROOMS),$(call room_archive,$(r))) ## the house's rules (tools/layers.txt)
	@tools/tidy.py --build '$(BUILD)'

format: ## clang-format over every C file
	@clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')
