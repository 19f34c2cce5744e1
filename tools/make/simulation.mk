# The seeded world: real cores, a lossy network, two thieves, an auditor (tests/simulation/).

SIMULATION_SOURCES := $(wildcard tests/simulation/*.c)
SIMULATION_ARCHIVES := $(BUILD)/simulation/wallet.a $(BUILD)/lib/intermediary.a \
    $(BUILD)/lib/central.a $(SUPPORT) $(COMMON_ARCHIVES)

# Central bank and wallet never meet in one program but here, and both call their schema
# tables_schema: the wallet's gets another name.
$(BUILD)/simulation/wallet.a: $(BUILD)/lib/wallet.a
	@mkdir -p $(@D)
	@objcopy --redefine-sym tables_schema=wallet_tables_schema $< $@

$(BUILD)/simulation/dcep-sim: $(SIMULATION_SOURCES:%.c=$(BUILD)/%.o) $(SIMULATION_ARCHIVES)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: simulation-build sim soak simulation-check
simulation-build: $(BUILD)/simulation/dcep-sim
tests-build: simulation-build

SEEDS ?= 200
ACTS ?= 1000
SEED ?= 1
sim: simulation-build ## one run of the seeded world: SEED=7 ACTS=1000 (TRACE=1 tells every act)
	@$(BUILD)/simulation/dcep-sim --seed $(SEED) --acts $(ACTS) $(if $(TRACE),--trace)

simulation-check: simulation-build ## SEEDS (200) runs of ACTS (1000), and the same seed twice
	@$(BUILD)/simulation/dcep-sim --seeds $(SEEDS) --acts $(ACTS) --twice 4

soak: simulation-build ## 10,000 seeds of the simulated world
	@$(BUILD)/simulation/dcep-sim --seeds 10000 --acts $(ACTS)
