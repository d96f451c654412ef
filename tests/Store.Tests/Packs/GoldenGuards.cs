namespace Checkpointer.Store.Tests.Packs;

/// <summary>Golden values that no formula in the test may compute. They were made by an independent CRC-32C, POLYVAL, HKDF and protobuf encoder.</summary>
internal static class GoldenGuards
{
    public const string Header = "7b062c4a";
    public const string AbcPayload = "b73f4b36";
    public const string AbcRecord = "cff4ddca";
    public const string AbcName = "18bee1e3dccbfaf32775d07b3372b1fc124a6c959b623aa6f93c4ef432e11b84";
    public const string WindowName = "af907882640962f7f160f64404279b93635c60d1818b3de6ed6e2491208ef796";
    public const string Manifest =
        "080710051809222e0a036a6f6210e72419faffffffffffffff2204626f6f742a0a736c6565702031303030308080f9c0c1c4"
        + "820338012a210a0466756c6c1207636f6d706172651a04636f707920642801300338b9604085353210000102030405060708"
        + "090a0b0c0d0e0f3a270a016910031a20ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad422d"
        + "0a016312280880808080201220ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad4a056a6f62"
        + "2f36";
}
